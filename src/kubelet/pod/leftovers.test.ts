import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { removeLeftovers } from './leftovers.ts'

const { signal } = new AbortController()

async function removedFrom(machine: { folders: Record<string, string[]>; cgroups?: string[]; failing?: string }): Promise<string[]> {
  const removed: string[] = []
  await removeLeftovers(
    {
      files: { list: async path => machine.folders[path] ?? [], remove: async path => void removed.push(path) },
      cgroups: { podUIDs: async () => machine.cgroups ?? [], removePod: async (uid, qos) => void removed.push(`${qos} ${uid}`) },
      unmount: async uid => {
        if (uid === machine.failing) throw new Error('busy')
        removed.push(`mounts of ${uid}`)
      },
      rootDirectory: '/kubelet',
      podLogsDirectory: '/logs',
      isKnown: uid => uid === 'known',
      log: silentLogger,
    },
    signal,
  )
  return removed
}

const everythingOf = (uid: string, ...logs: string[]) => [
  `mounts of ${uid}`,
  `/kubelet/pods/${uid}`,
  ...logs,
  `Guaranteed ${uid}`,
  `Burstable ${uid}`,
  `BestEffort ${uid}`,
]

const cases = [
  {
    name: 'pods that are looked after keep theirs',
    machine: { folders: { '/kubelet/pods': ['known'], '/logs': ['default_web_known'] }, cgroups: ['known'] },
    removed: [],
  },
  { name: 'a folder is all that is left', machine: { folders: { '/kubelet/pods': ['a'] } }, removed: everythingOf('a') },
  { name: 'a mount in memory is all that is left', machine: { folders: { '/kubelet/memory': ['a'] } }, removed: everythingOf('a') },
  { name: 'a cgroup is all that is left', machine: { folders: {}, cgroups: ['a'] }, removed: everythingOf('a') },
  {
    name: 'logs are all that is left',
    machine: { folders: { '/logs': ['default_web_a'] } },
    removed: everythingOf('a', '/logs/default_web_a'),
  },
  {
    name: 'one that cannot be removed does not keep the others',
    machine: { folders: { '/kubelet/pods': ['a', 'b'] }, failing: 'a' },
    removed: everythingOf('b'),
  },
]
for (const { name, machine, removed } of cases)
  test(`leftovers: ${name}`, async () => assert.deepEqual(await removedFrom(machine), removed))
