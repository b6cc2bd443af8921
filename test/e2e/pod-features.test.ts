/** MISSION rows B3, B4, B6, B8, B9, B10, B14, C1 as far as they work: what a Pod can ask of its node, in real containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { useCluster } from './cluster.ts'

const shell = (script: string) => ['sh', '-c', script]
const forever = 'trap exit TERM; while :; do sleep 0.2; done'

interface Manifest {
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  [field: string]: unknown
}

function pod(name: string, spec: Record<string, unknown>, labels?: Record<string, string>): Manifest {
  return {
    kind: 'Pod',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  }
}

const manifests: Manifest[] = [
  { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { color: 'blue', 'app.conf': 'level=1\n' } },
  { kind: 'Secret', metadata: { name: 'password' }, stringData: { word: 'open sesame' } },
  pod('sample-hostnetwork', { hostNetwork: true, containers: [{ name: 'c', image: 'busybox', command: shell(forever) }] }),
  pod('sample-dnspolicy-none', {
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['8.8.8.8', '8.8.4.4'], searches: ['example.com'], options: [{ name: 'ndots', value: '5' }] },
    containers: [{ name: 'c', image: 'busybox', command: shell(forever) }],
  }),
  pod('sample-hostaliases', {
    hostAliases: [{ ip: '8.8.8.8', hostnames: ['google-dns', 'google-public-dns'] }],
    containers: [{ name: 'c', image: 'busybox', command: shell(forever) }],
  }),
  pod(
    'volumes',
    {
      initContainers: [
        {
          name: 'first',
          image: 'busybox',
          command: shell('echo from init >/shared/init'),
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        },
      ],
      containers: [
        {
          name: 'writer',
          image: 'busybox',
          command: shell(`echo hello >/shared/hello; ${forever}`),
          env: [
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
            { name: 'WORD', valueFrom: { secretKeyRef: { name: 'password', key: 'word' } } },
            { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory' } } },
          ],
          envFrom: [{ configMapRef: { name: 'settings' }, prefix: 'ALL_' }],
          resources: { limits: { memory: '64Mi' } },
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        },
        {
          name: 'reader',
          image: 'busybox',
          command: shell(forever),
          volumeMounts: [
            { name: 'shared', mountPath: '/seen', readOnly: true },
            { name: 'memory', mountPath: '/memory' },
            { name: 'settings', mountPath: '/settings' },
            { name: 'settings', mountPath: '/etc/one.conf', subPath: 'app.conf' },
            { name: 'password', mountPath: '/password' },
            { name: 'about', mountPath: '/about' },
          ],
        },
      ],
      volumes: [
        { name: 'shared', emptyDir: {} },
        { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } },
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'password', secret: { secretName: 'password', defaultMode: 0o400 } },
        { name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    },
    { tier: 'web' },
  ),
  pod('not-ready', {
    containers: [
      {
        name: 'c',
        image: 'busybox',
        command: shell(`sleep 1; touch /tmp/ready; ${forever}`),
        readinessProbe: { exec: { command: ['cat', '/tmp/ready'] }, periodSeconds: 1 },
      },
    ],
  }),
  pod('unhealthy', {
    containers: [
      {
        name: 'sick',
        image: 'busybox',
        command: shell(forever),
        livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1 },
      },
      { name: 'well', image: 'nginx', livenessProbe: { httpGet: { path: '/', port: 80 } }, readinessProbe: { tcpSocket: { port: 80 } } },
    ],
  }),
]

const cluster = useCluster([], async running => {
  const items = manifests.map(manifest => ({ apiVersion: 'v1', ...manifest }))
  await running.kubectl('1.36', ['apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
  for (const name of ['sample-hostnetwork', 'sample-dnspolicy-none', 'sample-hostaliases', 'volumes', 'not-ready']) {
    await running.waitFor(`pod/${name}`, 'condition=Ready')
  }
})
const exec = (name: string, ...command: string[]) => cluster.kubectl('1.36', ['exec', name, ...command])

test('hostNetwork: the node’s address and host name', async () => {
  const [podIP, hostIP, nodeName] = await Promise.all(
    ['.status.podIP', '.status.hostIP', '.spec.nodeName'].map(path => cluster.jsonPath('pod/sample-hostnetwork', path)),
  )
  assert.equal(podIP, hostIP)
  assert.equal((await exec('sample-hostnetwork', '--', 'hostname')).trim(), nodeName)
})

test('dnsPolicy None: resolv.conf is the Pod’s dnsConfig', async () => {
  const expected = 'search example.com\nnameserver 8.8.8.8\nnameserver 8.8.4.4\noptions ndots:5\n'
  const actual = await exec('sample-dnspolicy-none', '--', 'cat', '/etc/resolv.conf')
  assert.deepEqual(actual.trim().split('\n').sort(), expected.trim().split('\n').sort())
})

test('hostAliases: /etc/hosts as the tutorial prints it', async () => {
  const podIP = await cluster.jsonPath('pod/sample-hostaliases', '.status.podIP')
  assert.equal(
    await exec('sample-hostaliases', '--', 'cat', '/etc/hosts'),
    [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      `${podIP}\tsample-hostaliases`,
      '',
      '# Entries added by HostAliases.',
      '8.8.8.8\tgoogle-dns\tgoogle-public-dns',
      '',
    ].join('\n'),
  )
})

test('environment from fields, resources, ConfigMaps and Secrets', async () => {
  const script = 'echo "$POD $COLOR $WORD $LIMIT $ALL_color"'
  assert.equal(await exec('volumes', '-c', 'writer', '--', ...shell(script)), 'volumes blue open sesame 67108864 blue\n')
})

test('volumes: shared between containers and with the init container, in memory, from objects, by subPath', async () => {
  const read = (...paths: string[]) => exec('volumes', '-c', 'reader', '--', 'cat', ...paths)
  assert.equal(await read('/seen/init', '/seen/hello'), 'from init\nhello\n')
  assert.equal(await read('/settings/color', '/password/word', '/about/labels'), 'blueopen sesametier="web"')
  assert.equal(await read('/etc/one.conf'), 'level=1\n')
  assert.match(await exec('volumes', '-c', 'reader', '--', 'stat', '-L', '-c', '%a', '/password/word'), /^400$/m)
  assert.match(await exec('volumes', '-c', 'reader', '--', 'df', '/memory'), /tmpfs +8192 /)
  const refused = await cluster.tryKubectl('1.36', ['exec', 'volumes', '-c', 'reader', '--', 'touch', '/seen/x'])
  assert.match(refused.stderr, /Read-only file system/)
})

test('a changed ConfigMap reaches the files, by a link that is replaced at once', async () => {
  const script = 'until grep -q green /settings/color; do sleep 0.1; done; cat /settings/color; readlink /settings/color'
  const seen = exec('volumes', '-c', 'reader', '--', ...shell(script))
  await cluster.kubectl('1.36', ['patch', 'configmap', 'settings', '-p', '{"data":{"color":"green"}}'])
  assert.equal(await seen, 'green..data/color\n')
})

test('probes: not ready until the probe succeeds; a failed liveness probe restarts that container alone', async () => {
  const transition = await cluster.jsonPath('pod/not-ready', '.status.conditions[?(@.type=="Ready")].lastTransitionTime')
  const started = await cluster.jsonPath('pod/not-ready', '.status.containerStatuses[0].state.running.startedAt')
  assert.ok(Date.parse(transition) >= Date.parse(started) + 1_000, `ready at ${transition}, started at ${started}`)

  await cluster.waitFor('pod/unhealthy', 'jsonpath={.status.containerStatuses[?(@.name=="sick")].restartCount}=1')
  assert.equal(await cluster.jsonPath('pod/unhealthy', '.status.containerStatuses[?(@.name=="well")].restartCount'), '0')
  const events = await cluster.kubectl('1.36', ['events', '--for', 'pod/unhealthy'])
  assert.match(events, /Warning +Unhealthy .*Liveness probe failed/)
  assert.match(events, /Normal +Killing .*Container sick failed liveness probe, will be restarted/)
})
