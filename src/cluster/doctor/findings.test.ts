import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MachineFacts } from './facts.ts'
import { judge } from './findings.ts'

const GiB = 1024 ** 3
const good: MachineFacts = {
  platform: 'linux',
  architecture: 'x64',
  nodeVersion: 'v24.0.0',
  isRoot: true,
  kernel: '6.1.0-18-amd64',
  cgroup: 'v2',
  cgroupControllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
  containerd: '2.1.4',
  runc: '1.3.0',
  nft: '1.0.6',
  missingPackages: [],
  overlayfs: true,
  userNamespacesMax: 1000,
  canLowerOOMScore: true,
  ipForward: true,
  bridgeCallsIptables: true,
  swapBytes: 0,
  memoryBytes: 8 * GiB,
  disk: { folder: '/var/lib', freeBytes: 50 * GiB, totalBytes: 100 * GiB },
  portsInUse: [],
  podCIDR: { chosen: '10.244.0.0/16' },
}

test('judge: a good machine → everything is ok and nothing is to be done', () => {
  assert.deepEqual(
    judge(good).filter(({ ok, cure }) => !ok || cure !== undefined),
    [],
  )
})

const cases: { name: string; have: Partial<MachineFacts>; what: string; ok: boolean; cure: RegExp }[] = [
  { name: 'not Linux', have: { platform: 'darwin' }, what: 'machine', ok: false, cure: /simulated pods/ },
  { name: 'not root', have: { isRoot: false }, what: 'user', ok: false, cure: /run as root/ },
  { name: 'old kernel', have: { kernel: '4.19.0' }, what: 'kernel', ok: false, cure: /5\.4 or newer/ },
  { name: 'no cgroups', have: { cgroup: undefined }, what: 'cgroups', ok: false, cure: /mount -t cgroup2/ },
  { name: 'no memory controller', have: { cgroupControllers: ['cpu', 'pids'] }, what: 'cgroups', ok: false, cure: /enable memory/ },
  {
    name: 'a package is missing',
    have: { missingPackages: ['nftables'] },
    what: 'packages',
    ok: false,
    cure: /^apt-get install nftables$/,
  },
  { name: 'containerd is missing', have: { containerd: undefined }, what: 'runtime', ok: false, cure: /install/ },
  { name: 'containerd is too old', have: { containerd: '1.4.13' }, what: 'runtime', ok: false, cure: /1\.6 or newer/ },
  {
    name: 'containerd without user namespaces',
    have: { containerd: '1.6.20' },
    what: 'user namespaces',
    ok: true,
    cure: /hostUsers: false are refused/,
  },
  { name: 'no overlay', have: { overlayfs: false }, what: 'overlay file system', ok: false, cure: /modprobe overlay/ },
  { name: 'no CAP_SYS_RESOURCE', have: { canLowerOOMScore: false }, what: 'CAP_SYS_RESOURCE', ok: true, cure: /pods run/ },
  { name: 'forwarding off', have: { ipForward: false }, what: 'IP forwarding', ok: true, cure: /switched on/ },
  { name: 'no bridge filter', have: { bridgeCallsIptables: undefined }, what: 'bridge filter', ok: true, cure: /modprobe br_netfilter/ },
  { name: 'ports in use', have: { portsInUse: [6443, 10250] }, what: 'ports', ok: false, cure: /ss -ltnp/ },
  {
    name: 'no free pod range',
    have: { podCIDR: { problem: 'name one yourself' } },
    what: 'pod range',
    ok: false,
    cure: /name one yourself/,
  },
  { name: 'little memory', have: { memoryBytes: GiB / 2 }, what: 'memory', ok: false, cure: /one GiB/ },
  { name: 'swap', have: { swapBytes: GiB }, what: 'swap', ok: true, cure: /swapoff/ },
  { name: 'full disk', have: { disk: { folder: '/', freeBytes: GiB, totalBytes: GiB } }, what: 'disk', ok: false, cure: /make room/ },
]
for (const { name, have, what, ok, cure } of cases)
  test(`judge: ${name}`, () => {
    const found = judge({ ...good, ...have }).find(finding => finding.what === what)!
    assert.equal(found.ok, ok)
    assert.match(found.cure!, cure)
  })
