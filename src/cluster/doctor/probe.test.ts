import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meminfoBytes, parseCgroups } from './probe.ts'

const hybrid = `tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
`
const cases = [
  {
    name: 'v2',
    mounts: 'cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n',
    v2: 'cpu memory pids\n',
    want: { cgroup: 'v2', cgroupControllers: ['cpu', 'memory', 'pids'] },
  },
  { name: 'both', mounts: hybrid, v2: '', want: { cgroup: 'hybrid', cgroupControllers: ['cpu', 'cpuacct', 'memory'] } },
  {
    name: 'v1',
    mounts: hybrid.replace(/^cgroup2.*\n/m, ''),
    v2: '',
    want: { cgroup: 'v1', cgroupControllers: ['cpu', 'cpuacct', 'memory'] },
  },
  { name: 'none', mounts: 'proc /proc proc rw 0 0\n', v2: '', want: { cgroup: undefined, cgroupControllers: [] } },
]
for (const { name, mounts, v2, want } of cases) test(`parseCgroups: ${name}`, () => assert.deepEqual(parseCgroups(mounts, v2), want))

test('meminfoBytes: a line that is there, and one that is not', () => {
  const text = 'MemTotal:       24684084 kB\nSwapTotal:             0 kB\n'
  assert.equal(meminfoBytes(text, 'MemTotal'), 24684084 * 1024)
  assert.equal(meminfoBytes(text, 'SwapTotal'), 0)
  assert.equal(meminfoBytes(text, 'Nothing'), 0)
})
