/** MISSION rows B11, B13, B16 (CPU): containers that accompany others, in real containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { useCluster } from './cluster.ts'

const shell = (script: string) => ['sh', '-c', script]
const wait = 'while :; do sleep 0.1; done'

function pod(name: string, spec: Record<string, unknown>) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { terminationGracePeriodSeconds: 10, ...spec } }
}

const log = { name: 'log', mountPath: '/log' }
const html = { name: 'html', mountPath: '/usr/share/nginx/html' }

const manifests = [
  pod('accompanied', {
    initContainers: [
      {
        name: 'side',
        image: 'busybox',
        restartPolicy: 'Always',
        command: shell(`echo side >>/log/order; trap 'echo "side stops after $(tail -n 1 /log/order)"; exit' TERM; ${wait}`),
        startupProbe: { exec: { command: ['test', '-e', '/log/order'] }, periodSeconds: 1 },
        volumeMounts: [log],
      },
    ],
    containers: [
      {
        name: 'main',
        image: 'busybox',
        command: shell(`echo "main starts after $(cat /log/order)"; trap 'sleep 0.5; echo main >>/log/order; exit' TERM; ${wait}`),
        volumeMounts: [log],
      },
    ],
    volumes: [{ name: 'log', emptyDir: {} }],
  }),
  pod('finite', {
    restartPolicy: 'Never',
    initContainers: [{ name: 'side', image: 'busybox', restartPolicy: 'Always', command: shell(`trap exit TERM; ${wait}`) }],
    containers: [{ name: 'main', image: 'busybox', command: shell('echo done') }],
  }),
  pod('shipped', {
    containers: [
      { name: 'web', image: 'busybox', command: shell(`echo GET / >>/log/access.log; trap exit TERM; ${wait}`), volumeMounts: [log] },
      {
        name: 'shipper',
        image: 'busybox',
        command: shell(`trap 'kill %1; exit' TERM; touch /log/access.log; tail -n +1 -f /log/access.log & ${wait}`),
        volumeMounts: [log],
      },
    ],
    volumes: [{ name: 'log', emptyDir: {} }],
  }),
  pod('adapted', {
    containers: [
      { name: 'web', image: 'nginx', volumeMounts: [html] },
      {
        name: 'adapter',
        image: 'busybox',
        command: shell(`echo '{"temperature": 21}' | sed 's/[^0-9]//g' >/usr/share/nginx/html/index.html; trap exit TERM; ${wait}`),
        volumeMounts: [html],
      },
    ],
    volumes: [{ name: 'html', emptyDir: {} }],
  }),
  pod('throttled', {
    containers: [
      { name: 'main', image: 'busybox', command: shell('while :; do :; done'), resources: { limits: { cpu: '100m', memory: '32Mi' } } },
    ],
  }),
]

const cluster = useCluster([], async running => {
  await running.kubectl('1.36', ['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }) })
  for (const name of ['accompanied', 'shipped', 'adapted', 'throttled']) await running.waitFor(`pod/${name}`, 'condition=Ready')
})
const exec = (name: string, container: string, script: string) =>
  cluster.kubectl('1.36', ['exec', name, '-c', container, '--', ...shell(script)])

test('a sidecar starts before the containers that it serves, runs beside them and counts as ready', async () => {
  assert.equal(await cluster.kubectl('1.36', ['logs', 'accompanied', '-c', 'main']), 'main starts after side\n')
  assert.match(await cluster.kubectl('1.36', ['get', 'pod', 'accompanied']), /^accompanied +2\/2 +Running +0 /m)
})

test('a sidecar that ends is started again, alone', async () => {
  await exec('accompanied', 'side', 'kill 1')
  await cluster.waitFor('pod/accompanied', 'jsonpath={.status.initContainerStatuses[0].restartCount}=1')
  await cluster.waitFor('pod/accompanied', 'condition=Ready')
  assert.equal(await cluster.jsonPath('pod/accompanied', '.status.containerStatuses[0].restartCount'), '0')
})

test('a sidecar is stopped last', async () => {
  using logs = await cluster.follow('1.36', ['logs', '-f', 'accompanied', '-c', 'side'])
  await cluster.kubectl('1.36', ['delete', 'pod', 'accompanied', '--wait=false'])
  assert.match(await logs.until(/stops after/), /side stops after main\n/)
})

test('a sidecar does not keep a Pod from completing', async () => {
  await cluster.waitFor('pod/finite', 'jsonpath={.status.phase}=Succeeded')
  assert.notEqual(await cluster.jsonPath('pod/finite', '.status.initContainerStatuses[0].state.terminated.finishedAt'), '')
  assert.match(await cluster.kubectl('1.36', ['get', 'pod', 'finite']), /^finite +0\/2 +Completed /m)
})

test('the sidecar pattern: what one container writes to a shared volume another one ships', async () => {
  using logs = await cluster.follow('1.36', ['logs', '-f', 'shipped', '-c', 'shipper'])
  await exec('shipped', 'web', 'echo GET /next >>/log/access.log')
  assert.match(await logs.until(/GET \/next/), /^GET \/\nGET \/next\n$/)
})

test('the adapter pattern: one container serves what another one has put into its form', async () => {
  assert.equal(await exec('adapted', 'adapter', 'wget -qO- http://localhost/'), '21\n')
})

test('the ambassador pattern: localhost leads to another Pod', async () => {
  const address = await cluster.jsonPath('pod/adapted', '.status.podIP')
  const conf = `server { listen 127.0.0.1:9000; location / { proxy_pass http://${address}; } }`
  await cluster.kubectl('1.36', ['create', 'configmap', 'forward', `--from-literal=default.conf=${conf}`])
  const containers = [
    { name: 'main', image: 'busybox', command: shell(`trap exit TERM; ${wait}`) },
    { name: 'ambassador', image: 'nginx', volumeMounts: [{ name: 'conf', mountPath: '/etc/nginx/conf.d' }] },
  ]
  const volumes = [{ name: 'conf', configMap: { name: 'forward' } }]
  await cluster.kubectl('1.36', ['apply', '-f', '-'], { input: JSON.stringify(pod('represented', { containers, volumes })) })
  await cluster.waitFor('pod/represented', 'condition=Ready')
  assert.equal(await exec('represented', 'main', 'until wget -qO- http://localhost:9000/ 2>/dev/null; do sleep 0.1; done'), '21\n')
})

test('a container that wants more CPU than its limit is throttled', async () => {
  const stat = 'cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat 2>/dev/null'
  await exec('throttled', 'main', `until ${stat} | grep -q 'nr_throttled [1-9]'; do sleep 0.1; done`)
  const quota = await exec('throttled', 'main', 'cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us')
  assert.equal(quota.split(' ')[0]!.trim(), '10000')
})
