import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigMap, Container, Pod, Secret, Service } from '#api/core/v1/types.gen.ts'
import { parseResolvConf, podDNS } from './dns.ts'
import { containerEnvironment } from './environment.ts'
import { expandVariables } from './expansion.ts'
import { hostNetworkHostsFile, managedHostsFile } from './hosts-file.ts'
import { podHostname } from './hostname.ts'
import { linuxResources, milliCPUToShares, oomScoreAdjust } from './resources.ts'
import { verifyRunAsNonRoot } from './security-context.ts'
import { serviceEnvironment, visibleServices } from './service-environment.ts'
import { lastLogText } from './termination-message.ts'

function podOf(spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'ns', uid: 'u', labels: { b: '2', a: '1' } },
    spec: { containers: [{ name: 'c' }], ...spec },
  }
}

describe('expansion', () => {
  for (const [text, want] of [
    ['$(A)', '1'],
    ['x$(A)y$(B)', 'x1y2'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$1'],
    ['$(NONE)', '$(NONE)'],
    ['$(A', '$(A'],
    ['$A', '$A'],
    ['$$', '$'],
    ['$(A$(B))', '$(A$(B))'],
  ] as const) {
    const variables = new Map([
      ['A', '1'],
      ['B', '2'],
    ])
    test(`${text} → ${want}`, () =>
      assert.equal(
        expandVariables(text, name => variables.get(name)),
        want,
      ))
  }
})

describe('environment', () => {
  const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cm' }, data: { key: 'v', 'bad=name': 'x' } }
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { pass: Buffer.from('word').toString('base64') },
  }
  const run = (container: Partial<Container>) =>
    containerEnvironment({
      pod: podOf(),
      container: { name: 'c', ...container },
      facts: { podIPs: ['192.0.2.7'], hostIPs: ['192.0.2.1'], nodeName: 'node', allocatable: { memory: '1Gi' } },
      services: { SVC_HOST: '192.0.2.9' },
      configMap: async name => (name === 'cm' ? configMap : undefined),
      secret: async name => (name === 's' ? secret : undefined),
    })
  const values = async (container: Partial<Container>) =>
    Object.fromEntries((await run(container)).variables.map(({ name, value }) => [name, value]))

  test('literals, references to earlier ones and to services', async () => {
    assert.deepEqual(
      await values({
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '$(A)$(C)$(SVC_HOST)' },
          { name: 'C', value: '3' },
        ],
      }),
      {
        A: '1',
        B: '1$(C)192.0.2.9',
        C: '3',
        SVC_HOST: '192.0.2.9',
      },
    )
  })

  test('everything that valueFrom can name', async () => {
    const env: Container['env'] = [
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a']" } } },
      { name: 'NO_LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['constructor']" } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'CM', valueFrom: { configMapKeyRef: { name: 'cm', key: 'key' } } },
      { name: 'PASS', valueFrom: { secretKeyRef: { name: 's', key: 'pass' } } },
      { name: 'UNSET', valueFrom: { secretKeyRef: { name: 'none', key: 'x', optional: true } } },
    ]
    const { SVC_HOST, ...rest } = await values({ env })
    assert.equal(SVC_HOST, '192.0.2.9')
    assert.deepEqual(rest, { IP: '192.0.2.7', LABEL: '1', NO_LABEL: '', MEMORY: '1024', CM: 'v', PASS: 'word' })
  })

  test('envFrom, with a key that is no variable name', async () => {
    const { variables, warnings } = await run({ envFrom: [{ prefix: 'P_', configMapRef: { name: 'cm' } }] })
    assert.deepEqual(variables[0], { name: 'P_key', value: 'v' })
    assert.match(warnings[0]?.message ?? '', /^Keys \[P_bad=name\] from the EnvFrom configMap ns\/cm were skipped/)
  })

  for (const [name, container, message] of [
    ['missing config map', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'no', key: 'k' } } }] }, 'configmap "no" not found'],
    [
      'key that every object inherits',
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'constructor' } } }] },
      "couldn't find key constructor in ConfigMap ns/cm",
    ],
    ['missing key', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }, "couldn't find key k in Secret ns/s"],
    ['missing envFrom source', { envFrom: [{ secretRef: { name: 'no' } }] }, 'secret "no" not found'],
  ] as const) {
    test(`refused: ${name}`, () =>
      assert.rejects(run(container as unknown as Partial<Container>), { name: 'ContainerConfigError', message }))
  }
})

test('service variables', () => {
  const service = (name: string, namespace: string, clusterIP: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { clusterIP, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  })
  const all = [
    service('kubernetes', 'default', '192.0.2.1'),
    service('my-db', 'ns', '192.0.2.2'),
    service('h', 'ns', 'None'),
    service('o', 'x', '192.0.2.3'),
  ]
  assert.deepEqual(serviceEnvironment(visibleServices(all.slice(1), 'ns', true)), {
    MY_DB_SERVICE_HOST: '192.0.2.2',
    MY_DB_SERVICE_PORT: '80',
    MY_DB_SERVICE_PORT_HTTP: '80',
    MY_DB_PORT: 'tcp://192.0.2.2:80',
    MY_DB_PORT_80_TCP: 'tcp://192.0.2.2:80',
    MY_DB_PORT_80_TCP_PROTO: 'tcp',
    MY_DB_PORT_80_TCP_PORT: '80',
    MY_DB_PORT_80_TCP_ADDR: '192.0.2.2',
  })
  assert.deepEqual(
    visibleServices(all, 'ns', false).map(({ metadata }) => metadata.name),
    ['kubernetes'],
  )
})

test('hosts file of a pod', () => {
  const text = managedHostsFile({
    podIPs: ['192.0.2.7'],
    hostname: 'web',
    fullDomainName: 'web.sub.ns.svc.cluster.local',
    hostAliases: [{ ip: '192.0.2.8', hostnames: ['foo', 'bar'] }],
  })
  assert.equal(
    text,
    [
      '# Kubernetes-managed hosts file.',
      '127.0.0.1\tlocalhost',
      '::1\tlocalhost ip6-localhost ip6-loopback',
      'fe00::0\tip6-localnet',
      'fe00::0\tip6-mcastprefix',
      'fe00::1\tip6-allnodes',
      'fe00::2\tip6-allrouters',
      '192.0.2.7\tweb.sub.ns.svc.cluster.local\tweb',
      '',
      '# Entries added by HostAliases.',
      '192.0.2.8\tfoo\tbar',
      '',
    ].join('\n'),
  )
  assert.equal(hostNetworkHostsFile('127.0.0.1 localhost\n', []), '# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n')
})

test('host names', () => {
  assert.deepEqual(podHostname(podOf(), 'cluster.local'), { hostname: 'web', fullDomainName: '' })
  assert.deepEqual(podHostname(podOf({ hostname: 'h', subdomain: 's' }), 'cluster.local'), {
    hostname: 'h',
    fullDomainName: 'h.s.ns.svc.cluster.local',
  })
  const long = { ...podOf(), metadata: { name: `${'a'.repeat(62)}-bcd`, namespace: 'ns' } }
  assert.equal(podHostname(long, 'cluster.local').hostname, 'a'.repeat(62))
})

describe('dns', () => {
  const node = parseResolvConf('# node\nnameserver 192.0.2.53\nsearch example.org.\noptions timeout:1\n')
  const cases: { name: string; spec: Partial<Pod['spec']>; clusterDNS?: string[]; want: unknown }[] = [
    {
      name: 'ClusterFirst',
      spec: {},
      want: {
        servers: ['192.0.2.10'],
        searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org'],
        options: ['ndots:5'],
      },
    },
    { name: 'Default', spec: { dnsPolicy: 'Default' }, want: node },
    { name: 'ClusterFirst on the host network is Default', spec: { dnsPolicy: 'ClusterFirst', hostNetwork: true }, want: node },
    { name: 'no cluster DNS is Default', spec: {}, clusterDNS: [], want: node },
    {
      name: 'None with dnsConfig',
      spec: {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['192.0.2.99'], searches: ['x'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] },
      },
      want: { servers: ['192.0.2.99'], searches: ['x'], options: ['ndots:2', 'edns0'] },
    },
    {
      name: 'dnsConfig overrides options',
      spec: { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } },
      want: {
        servers: ['192.0.2.10'],
        searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org'],
        options: ['ndots:1'],
      },
    },
  ]
  for (const { name, spec, clusterDNS = ['192.0.2.10'], want } of cases)
    test(name, () => assert.deepEqual(podDNS({ pod: podOf(spec), node, clusterDNS, clusterDomain: 'cluster.local' }).config, want))

  test('too many name servers', () => {
    const pod = podOf({ dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] } })
    const { config, warnings } = podDNS({ pod, node, clusterDNS: [], clusterDomain: '' })
    assert.equal(config.servers.length, 3)
    assert.equal(warnings[0]?.reason, 'DNSConfigForming')
  })
})

test('resources', () => {
  assert.deepEqual([0, 1, 100, 1500].map(milliCPUToShares), [2, 2, 102, 1536])
  assert.deepEqual(linuxResources({ cpu: '250m' }, { cpu: '500m', memory: '64Mi' }), {
    cpuShares: 256,
    cpuQuotaUs: 50_000,
    cpuPeriodUs: 100_000,
    memoryLimitBytes: 64 * 1024 * 1024,
  })
  assert.equal(linuxResources(undefined, { cpu: '2' }).cpuShares, 2048)
  const burstable = { name: 'c', resources: { requests: { memory: '1Gi' } } }
  const memoryBytes = 4 * 1024 ** 3
  assert.equal(oomScoreAdjust(podOf(), burstable, 'Burstable', memoryBytes), 750)
  assert.equal(oomScoreAdjust(podOf(), burstable, 'Guaranteed', memoryBytes), -997)
  assert.equal(oomScoreAdjust(podOf(), { name: 'c' }, 'BestEffort', memoryBytes), 1000)
})

describe('runAsNonRoot', () => {
  const container = (securityContext: Container['securityContext']): Container => ({ name: 'c', securityContext })
  const where = '(pod: "web_ns(u)", container: c)'
  const cases: { name: string; context: Container['securityContext']; uid?: number; username?: string; message?: string }[] = [
    { name: 'not asked for', context: {} },
    { name: 'user given', context: { runAsNonRoot: true, runAsUser: 5 } },
    { name: 'root given', context: { runAsNonRoot: true, runAsUser: 0 }, message: `container's runAsUser breaks non-root policy ${where}` },
    { name: 'image has a user', context: { runAsNonRoot: true }, uid: 5 },
    {
      name: 'image runs as root',
      context: { runAsNonRoot: true },
      uid: 0,
      message: `container has runAsNonRoot and image will run as root ${where}`,
    },
    {
      name: 'image has a user name',
      context: { runAsNonRoot: true },
      username: 'www',
      message: `container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root ${where}`,
    },
  ]
  for (const { name, context, uid, username = '', message } of cases) {
    test(name, () => {
      const check = () => verifyRunAsNonRoot(podOf(), container(context), { uid, username })
      if (message === undefined) check()
      else assert.throws(check, { message })
    })
  }
})

test('termination message from a log', () => {
  const log = ['2026-01-01T00:00:00Z stdout F one', '2026-01-01T00:00:00Z stderr P tw', '2026-01-01T00:00:00Z stderr F o', ''].join('\n')
  assert.equal(lastLogText(log), 'one\ntwo\n')
  assert.equal(lastLogText(''), undefined)
})
