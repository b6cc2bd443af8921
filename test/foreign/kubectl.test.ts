/** Stock kubectl of three ages against `cox test-server`: what people type, on simulated pods. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ClusterEndpoint } from '#test-server/index.ts'
import { freePort, type KubectlVersion, kubectlVersions } from '../e2e/cluster.ts'
import { ForeignCluster } from './test-server.ts'

let cluster: ForeignCluster

before(async () => {
  const web = 'web={http: {/: hello}, logs: [one, two], exec: {date: "today\\n", "*": {stderr: "no such program\\n", exitCode: 127}}}'
  cluster = await ForeignCluster.start('--nodes=2', `--image=${web}`, '--image=job={logs: [done], exitAfterMs: 10, exitCode: 3}')
})
after(() => cluster[Symbol.asyncDispose]())

const manifest = (color: string) => `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: ${color}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: main
    image: web
    ports: [{containerPort: 80}]
    readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}
`

for (const version of kubectlVersions) describe(`kubectl ${version} and a test server`, () => pods(version))

function pods(version: KubectlVersion): void {
  const namespace = `by-${version.replace('.', '-')}`
  const kubectl = (...args: string[]) => cluster.kubectl(version, ['-n', namespace, ...args])
  const withInput = (input: string, ...args: string[]) => cluster.kubectl(version, ['-n', namespace, ...args], { input })

  before(() => cluster.kubectl(version, ['create', 'namespace', namespace]))

  test('apply: created, unchanged, configured', async () => {
    assert.equal(await withInput(manifest('red'), 'apply', '-f', '-'), 'configmap/settings created\npod/web created\n')
    assert.equal(await withInput(manifest('red'), 'apply', '-f', '-'), 'configmap/settings unchanged\npod/web unchanged\n')
    assert.equal(await withInput(manifest('blue'), 'apply', '-f', '-'), 'configmap/settings configured\npod/web unchanged\n')
  })

  test('wait, get, describe', async () => {
    assert.equal(await kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=60s'), 'pod/web condition met\n')
    const [head = '', row = ''] = (await kubectl('get', 'pods', '-l', 'app=web', '-o', 'wide')).split('\n')
    assert.match(head, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/)
    assert.match(row, /^web +1\/1 +Running +0 +\d+s +10\.\d+\.\d+\.\d+ +node-\d +<none> +<none>$/)
    const described = await kubectl('describe', 'pod', 'web')
    assert.match(described, /^Node: +node-\d\/172\.16\.0\.\d$/m)
    assert.match(described, /Normal +Started .* kubelet .*Container started/)
    assert.match(await cluster.kubectl(version, ['describe', 'node', 'node-0']), /^ +Ready +True .* KubeletReady /m)
  })

  test('logs, exec, its exit code', async () => {
    assert.equal(await kubectl('logs', 'web'), 'one\ntwo\n')
    assert.equal(await kubectl('logs', 'web', '--tail=1'), 'two\n')
    assert.equal(await kubectl('exec', 'web', '--', 'date'), 'today\n')
    const failed = await cluster.tryKubectl(version, ['-n', namespace, 'exec', 'web', '--', 'frobnicate'])
    assert.deepEqual([failed.code, failed.stderr], [127, 'no such program\ncommand terminated with exit code 127\n'])
  })

  test('a shell does what it is told, files go to a container and come back', async () => {
    await kubectl(
      'run',
      'box',
      '--image=busybox',
      '--command',
      '--',
      'sh',
      '-c',
      'for i in $(seq 3); do echo "$i: $((i * 2))"; done; sleep 3600',
    )
    await kubectl('run', 'plain', '--image=nginx')
    await kubectl('wait', '--for=condition=Ready', 'pod/box', 'pod/plain', '--timeout=60s')
    assert.equal(await kubectl('logs', 'box'), '1: 2\n2: 4\n3: 6\n')
    assert.equal(await withInput('echo $HOSTNAME\ncat\nrest\n', 'exec', '-i', 'box', '--', 'sh'), 'box\nrest\n')
    assert.equal(
      await kubectl('exec', 'plain', '--', 'cat', '/etc/hostname', '/etc/resolv.conf'),
      `plain\nsearch ${namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n`,
    )
    const folder = await mkdtemp(join(tmpdir(), 'coxswain-cp-'))
    try {
      await mkdir(join(folder, 'sub'))
      const content = randomBytes(100_000)
      await writeFile(join(folder, 'sub/data'), content)
      for (const pod of ['box', 'plain']) {
        await kubectl('cp', folder, `${pod}:/srv`)
        assert.equal(await kubectl('exec', pod, '--', 'sh', '-c', 'ls /srv; wc -c /srv/sub/data'), 'sub\n100000\n')
        await kubectl('cp', `${pod}:/srv/sub/data`, join(folder, 'back'))
        assert.deepEqual(await readFile(join(folder, 'back')), content)
        await rm(join(folder, 'back'))
      }
    } finally {
      await rm(folder, { recursive: true })
    }
    await kubectl('delete', 'pod', 'box', 'plain', '--now')
  })

  test('port-forward reaches the program', async () => {
    const port = await freePort()
    using forward = await cluster.follow(version, ['-n', namespace, 'port-forward', 'pod/web', `${port}:80`])
    await forward.until(/Forwarding from 127\.0\.0\.1/)
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'hello')
  })

  test('watch sees what is done meanwhile', async () => {
    using watch = await cluster.follow(version, ['-n', namespace, 'get', 'configmaps', '-w', '-o', 'name'])
    await watch.until(/^configmap\/settings$/m)
    await kubectl('create', 'configmap', 'later', '--from-literal=a=b')
    await watch.until(/^configmap\/later$/m)
  })

  test('label, annotate, patch, server-side apply', async () => {
    assert.match(await kubectl('label', 'pod', 'web', 'tier=front'), /^pod\/web labeled/)
    assert.match(await kubectl('annotate', 'pod', 'web', 'note=kept'), /^pod\/web annotated/)
    assert.match(await kubectl('patch', 'configmap', 'settings', '-p', '{"data":{"size":"big"}}'), /^configmap\/settings patched/)
    assert.equal(await kubectl('get', 'configmap', 'settings', '-o', 'jsonpath={.data}'), '{"color":"blue","size":"big"}')
    const applied = await withInput(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {a: b}\n',
      'apply',
      '--server-side',
      '-f',
      '-',
    )
    assert.equal(applied, 'configmap/applied serverside-applied\n')
  })

  test('a pod that ends: its phase, its exit code, its last words', async () => {
    await kubectl('run', 'job', '--image=job', '--restart=Never')
    await cluster.control('POST', '/wait', { apiVersion: 'v1', kind: 'Pod', namespace, name: 'job', for: 'Failed' })
    const path = '{.status.phase} {.status.containerStatuses[0].state.terminated.exitCode}'
    assert.equal(await kubectl('get', 'pod', 'job', '-o', `jsonpath=${path}`), 'Failed 3')
    assert.equal(await kubectl('logs', 'job'), 'done\n')
  })

  test('explain, api-resources, auth can-i, cluster-info', async () => {
    assert.match(await kubectl('explain', 'pod.spec.containers.readinessProbe'), /readinessProbe/)
    assert.match(await kubectl('api-resources', '--namespaced=true', '-o', 'name'), /^pods$/m)
    assert.equal(await kubectl('auth', 'can-i', 'delete', 'pods'), 'yes\n')
    assert.match(await kubectl('cluster-info'), /is running at/)
  })

  test('cordon, drain: pods go, the node stays', async () => {
    await kubectl('run', 'guest', '--image=web', '--overrides={"spec":{"nodeName":"node-1"}}')
    await kubectl('wait', '--for=condition=Ready', 'pod/guest', '--timeout=60s')
    await cluster.kubectl(version, ['drain', 'node-1', '--force', '--ignore-daemonsets', `--pod-selector=run=guest`])
    assert.match(await cluster.kubectl(version, ['get', 'node', 'node-1']), /Ready,SchedulingDisabled/)
    await cluster.kubectl(version, ['uncordon', 'node-1'])
    assert.equal((await cluster.tryKubectl(version, ['-n', namespace, 'get', 'pod', 'guest'])).code, 1)
  })

  test('delete: one pod, then all with their namespace', async () => {
    assert.match(await kubectl('delete', 'pod', 'web', '--grace-period=1'), /^pod "web" deleted/)
    assert.match((await cluster.tryKubectl(version, ['-n', namespace, 'get', 'pod', 'web'])).stderr, /pods "web" not found/)
    assert.match(await cluster.kubectl(version, ['delete', 'namespace', namespace]), /deleted/)
  })
}

test('a fork is another cluster for kubectl; a reset takes back what it did', async () => {
  const names = async (kubeconfig: string) =>
    (await cluster.kubectl('1.36', ['get', 'configmaps', '-l', 'made', '-o', 'name'], { env: { KUBECONFIG: kubeconfig } })).trim()
  const create = async (name: string, kubeconfig: string) => {
    const options = { env: { KUBECONFIG: kubeconfig } }
    await cluster.kubectl('1.36', ['create', 'configmap', name], options)
    await cluster.kubectl('1.36', ['label', 'configmap', name, 'made=yes'], options)
  }
  const { kubeconfig } = cluster.endpoint
  await create('both', kubeconfig)
  const fork = await cluster.control<ClusterEndpoint>('POST', '/fork')
  await create('there', fork.kubeconfig)
  assert.deepEqual([await names(kubeconfig), await names(fork.kubeconfig)], ['configmap/both', 'configmap/both\nconfigmap/there'])
  await cluster.control('POST', '/reset')
  assert.deepEqual([await names(kubeconfig), await names(fork.kubeconfig)], ['', 'configmap/both\nconfigmap/there'])
})
