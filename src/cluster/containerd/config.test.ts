import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ContainerdConfig, containerdConfig } from './config.ts'
import { hasSysResource } from './machine.ts'
import { mountsBelow } from './mounts.ts'
import { containerdPaths } from './paths.ts'
import { registryHosts } from './registry-hosts.ts'
import { parseContainerdVersion } from './version.ts'

const config: ContainerdConfig = {
  version: '1.6.20',
  rootFolder: '/data/root',
  stateFolder: '/run/x/state',
  socketPath: '/run/x/containerd.sock',
  sandboxImage: 'pause:1',
  cni: { binFolder: '/usr/lib/cni', confFolder: '/data/cni' },
  registryFolder: '/data/certs.d',
  runtime: { path: '/usr/sbin/runc', stateFolder: '/run/x/runc' },
  restrictOOMScore: true,
  apparmor: false,
}

const lines = [
  {
    version: '1.6.20',
    has: ['version = 2', '[plugins."io.containerd.grpc.v1.cri".cni]\nbin_dir = "/usr/lib/cni"', 'sandbox_image = "pause:1"'],
  },
  { version: '1.7.24', has: ['version = 2', 'config_path = "/data/certs.d"', 'restrict_oom_score_adj = true'] },
  {
    version: '2.1.9',
    has: [
      'version = 3',
      'config_path = "/data/certs.d"',
      'bin_dirs = ["/usr/lib/cni"]',
      '[plugins."io.containerd.cri.v1.images".pinned_images]\nsandbox = "pause:1"',
    ],
  },
  { version: '10.0.0', has: ['version = 3'] },
]
for (const { version, has } of lines)
  test(`containerdConfig: ${version}`, () => {
    const text = containerdConfig({ ...config, version })
    const everywhere = [
      'root = "/data/root"',
      'state = "/run/x/state"',
      'address = "/run/x/containerd.sock"',
      'disable_apparmor = true',
      'BinaryName = "/usr/sbin/runc"',
    ]
    for (const part of [...has, ...everywhere]) assert.ok(text.includes(part), `${part} in\n${text}`)
  })

test('containerdConfig: top-level keys stand before the first table', () => {
  const text = containerdConfig(config)
  assert.ok(text.indexOf('disabled_plugins') < text.indexOf('\n['))
})

const versions = [
  { output: 'containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3', want: '1.6.20' },
  { output: 'containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7', want: '2.1.4' },
  { output: 'something else', want: undefined },
]
for (const { output, want } of versions) test(`parseContainerdVersion: ${want}`, () => assert.equal(parseContainerdVersion(output), want))

test('containerdPaths: a socket path that the kernel would refuse → error that says so', () => {
  assert.throws(() => containerdPaths({ dataFolder: '/data', runFolder: `/run/${'x'.repeat(90)}` }), {
    message: /^cannot put sockets into "\/run\/x+": a socket's path would have \d+ bytes, at most 107 work$/,
  })
})

test('registryHosts: the mirror is the server, too, so that nothing else is asked', () => {
  assert.equal(
    registryHosts('http://127.0.0.1:5055'),
    'server = "http://127.0.0.1:5055"\n\n[host."http://127.0.0.1:5055"]\n  capabilities = ["pull", "resolve"]\n',
  )
})

const mountinfo = `22 1 254:0 / / rw - ext4 /dev/vda rw
40 22 0:1 / /data/root/a rw - overlay overlay rw
41 40 0:2 / /data/root/a/b rw - tmpfs tmpfs rw
42 22 0:3 / /data/root\\040of\\040others rw - tmpfs tmpfs rw
43 22 0:4 / /data/rootless rw - tmpfs tmpfs rw
`
const mounts = [
  { folder: '/data/root', want: ['/data/root/a/b', '/data/root/a'] },
  { folder: '/data/root of others', want: ['/data/root of others'] },
  { folder: '/elsewhere', want: [] },
]
for (const { folder, want } of mounts) test(`mountsBelow: ${folder}`, () => assert.deepEqual(mountsBelow(mountinfo, folder), want))

const capabilities = [
  { status: 'Name:\tx\nCapEff:\t000001ffffffffff\n', want: true },
  { status: 'Name:\tx\nCapEff:\t000001fffeffffff\n', want: false },
  { status: 'CapEff:\t0000000000000000\n', want: false },
  { status: '', want: false },
]
for (const { status, want } of capabilities)
  test(`hasSysResource: ${JSON.stringify(status)} → ${want}`, () => assert.equal(hasSysResource(status), want))
