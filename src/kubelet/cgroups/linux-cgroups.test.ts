import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { LinuxCgroups } from './linux-cgroups.ts'

let mountPoint: string
before(() => {
  mountPoint = mkdtempSync(join(tmpdir(), 'cgroups-'))
})
after(() => rmSync(mountPoint, { recursive: true }))

const noLimits = { cpuShares: 2, cpuQuotaUs: 0, cpuPeriodUs: 100_000, memoryLimitBytes: 0 }

test('hybrid mode: the cgroup that the runtime made in the version 2 tree is found and removed with the others', async () => {
  for (const name of ['memory', 'pids', 'unified']) {
    mkdirSync(join(mountPoint, name))
    writeFileSync(join(mountPoint, name, 'cgroup.procs'), '1\n')
  }
  symlinkSync('memory', join(mountPoint, 'alias'))
  const cgroups = new LinuxCgroups({ log: silentLogger, root: '/ours', mountPoint })
  await cgroups.ensurePod('1', 'BestEffort', noLimits)
  assert.equal(existsSync(join(mountPoint, 'memory/ours/kubepods/besteffort/pod1')), true)
  mkdirSync(join(mountPoint, 'unified/ours/kubepods/besteffort/pod1/container'), { recursive: true })
  mkdirSync(join(mountPoint, 'unified/ours/kubepods/burstable/pod2'), { recursive: true })

  assert.deepEqual((await cgroups.podUIDs()).toSorted(), ['1', '2'])
  await cgroups.removePod('1', 'BestEffort')
  assert.deepEqual(await cgroups.podUIDs(), ['2'])
  await cgroups.removePod('2', 'Burstable')
  assert.deepEqual(await cgroups.podUIDs(), [])
})
