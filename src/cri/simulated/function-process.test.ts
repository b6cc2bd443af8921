import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerContext, ImageFunction } from './image.ts'
import { forever, TestNode } from './testing.ts'

describe('what a function returns or throws', () => {
  const endings: { name: string; run: ImageFunction; state: string }[] = [
    { name: 'nothing', run: () => undefined, state: 'Completed 0' },
    { name: 'a code', run: async () => 3, state: 'Error 3' },
    { name: 'nonsense', run: () => Number.NaN, state: 'Error 1' },
    {
      name: 'an error',
      run: () => {
        throw new Error('no config')
      },
      state: 'Error 1',
    },
    { name: 'later', run: async ({ sleep }) => sleep(1_000), state: 'Completed 0' },
    { name: 'too much memory', run: context => context.useMemory(2 ** 40) ?? context.untilStopped(), state: 'OOMKilled 137' },
  ]
  for (const { name, run, state } of endings) {
    test(name, async () => {
      const node = new TestNode()
      const { containerId } = await node.start(run, { linux: { resources: { memoryLimitInBytes: 2n ** 30n } } })
      await node.clock.advance(1_000)
      assert.equal(await node.state(containerId), state)
    })
  }
})

describe('a function that is stopped', () => {
  const stops: { name: string; run: ImageFunction; state: string; tookMs: number }[] = [
    { name: 'returns', run: ({ untilStopped }) => untilStopped(), state: 'Completed 0', tookMs: 0 },
    { name: 'is ended by the signal', run: ({ sleep }) => sleep(Number.POSITIVE_INFINITY), state: 'Error 143', tookMs: 0 },
    {
      name: 'cleans up',
      run: async ({ untilStopped, clock }) => {
        await untilStopped()
        await clock.sleep(2_000, forever)
        return 5
      },
      state: 'Error 5',
      tookMs: 2_000,
    },
    { name: 'does not listen', run: () => new Promise(() => undefined), state: 'Error 137', tookMs: 10_000 },
  ]
  for (const { name, run, state, tookMs } of stops) {
    test(name, async () => {
      const node = new TestNode()
      const { containerId } = await node.start(run)
      await node.stop(containerId, 10)
      assert.equal(await node.state(containerId), state)
      const { startedAt, finishedAt } = await node.status(containerId)
      assert.equal(Math.round(Number(finishedAt - startedAt) / 1e6), tookMs)
    })
  }
})

test('what a function sees', async () => {
  const node = new TestNode()
  let seen: ContainerContext | undefined
  node.files.set('/kubelet/config/key', Buffer.from('value'))
  const { containerId } = await node.start(
    async context => {
      seen = context
      await context.files.write('/tmp/own', 'text')
      await context.stdout.write(`${Buffer.from((await context.files.read('/etc/config/key')) ?? '')}\n`)
      await context.stderr.write(`${Buffer.from((await context.files.read('/tmp/own')) ?? '')}\n`)
      await context.untilStopped()
    },
    {
      metadata: { name: 'web', attempt: 2 },
      command: ['app'],
      args: ['--fast'],
      envs: [{ key: 'A', value: Buffer.from('1=2') }],
      mounts: [{ hostPath: '/kubelet/config', containerPath: '/etc/config', readonly: true }],
    },
  )
  const { command, args, env, hostname, pod, name, attempt } = seen!
  assert.deepEqual(
    { command, args, env, hostname, pod, name, attempt },
    {
      command: ['app'],
      args: ['--fast'],
      env: { HOSTNAME: 'pod-1', A: '1=2' },
      hostname: 'pod-1',
      pod: { name: 'pod-1', namespace: 'default', uid: 'uid-1', ip: '10.1.0.2' },
      name: 'web',
      attempt: 2,
    },
  )
  await node.clock.advance(0)
  assert.deepEqual(await node.log(containerId), ['stdout F value', 'stderr F text'])
  await assert.rejects(seen!.files.write('/etc/config/key', 'x'), /Read-only file system/)
})

test("files of a mounted folder are made, listed and removed; those beside it are the container's own", async () => {
  const node = new TestNode()
  node.files.set('/kubelet/data/..2026', Buffer.from(''))
  const mounts = [{ hostPath: '/kubelet/data', containerPath: '/data', readonly: false }]
  const { containerId } = await node.start({}, { mounts })
  const run = async (script: string) => String((await node.runtime.execSync({ containerId, cmd: ['sh', '-c', script] }, forever)).stdout)
  await run('echo a > /data/sub/a; echo b > /own')
  assert.equal(String(node.files.get('/kubelet/data/sub/a')), 'a\n')
  assert.equal(await run('ls /'), 'data\nown\n')
  assert.equal(await run('rm /data/sub/a; rm /own; ls /'), 'data\n')
  assert.deepEqual([...node.files.keys()], ['/kubelet/data/..2026'])
  assert.equal(await run('ls /data'), '')
})

test('an error is told on stderr', async () => {
  const node = new TestNode()
  const { containerId } = await node.start(() => {
    throw new Error('no config')
  })
  const [line] = await node.log(containerId)
  assert.equal(line, 'stderr F Error: no config')
})

test('nothing that a killed function does counts', async () => {
  const node = new TestNode()
  const { containerId } = await node.start(async ({ clock, stdout, signal, killed }) => {
    await clock.sleep(1_000, forever)
    await stdout.write(`late ${signal.aborted} ${killed.aborted}\n`)
    return 7
  })
  await node.stop(containerId, 0)
  await node.clock.advance(2_000)
  assert.equal(await node.state(containerId), 'Error 137')
  assert.deepEqual(await node.log(containerId), [])
})
