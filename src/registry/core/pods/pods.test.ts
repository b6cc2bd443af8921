import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { refusalOf, startRegistryServer } from '../../testing/registry-server.ts'

const pods = '/api/v1/namespaces/default/pods'

function pod(name: string, more: Partial<Pod['spec']> = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'web', image: 'nginx' }], ...more } }
}

/** A copy: what the server answers in process is shared. */
async function podOf(call: Promise<{ body?: unknown }>): Promise<Pod> {
  return structuredClone((await call).body) as Pod
}

test('pods: created with defaults, class and phase', async () => {
  await using server = await startRegistryServer()
  const created = await podOf(server.call('POST', pods, pod('a')))
  assert.deepEqual(created.spec, {
    containers: [
      {
        name: 'web',
        image: 'nginx',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'Always',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  })
  assert.deepEqual(created.status, { phase: 'Pending', qosClass: 'BestEffort' })
  assert.equal(created.metadata.generation, 1)
})

test('pods: bound once, then deleted gracefully', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  await call('POST', pods, pod('a'))
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n1' } }
  const answer = await call('POST', `${pods}/a/binding`, binding)
  assert.deepEqual(answer.body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
  const bound = await podOf(call('GET', `${pods}/a`))
  assert.equal(bound.spec.nodeName, 'n1')
  assert.deepEqual(bound.status?.conditions, [
    { type: 'PodScheduled', status: 'True', observedGeneration: 1, lastProbeTime: null, lastTransitionTime: '2026-01-01T00:00:00Z' },
  ])
  assert.equal(
    await refusalOf(call('POST', `${pods}/a/binding`, binding)),
    'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"',
  )
  const deleting = await podOf(call('DELETE', `${pods}/a`))
  assert.equal(deleting.metadata.deletionGracePeriodSeconds, 30)
  assert.equal(deleting.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
  assert.equal(deleting.metadata.generation, 2)
  await call('DELETE', `${pods}/a`, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 })
  assert.equal(await refusalOf(call('GET', `${pods}/a`)), 'pods "a" not found')
})

test('pods: one that is not on a node goes at once', async () => {
  await using server = await startRegistryServer()
  await server.call('POST', pods, pod('a'))
  const gone = await podOf(server.call('DELETE', `${pods}/a`))
  assert.equal(gone.kind, 'Pod')
  assert.equal(await refusalOf(server.call('GET', `${pods}/a`)), 'pods "a" not found')
})

test('pods: an update may change images and little else', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  const created = await podOf(call('POST', pods, pod('a')))
  created.spec.containers[0]!.image = 'nginx:2'
  const updated = await podOf(call('PUT', `${pods}/a`, created))
  assert.equal(updated.metadata.generation, 2)
  updated.spec.hostname = 'other'
  const message = await refusalOf(call('PUT', `${pods}/a`, updated))
  const fields = [
    '`spec.containers[*].image`',
    '`spec.initContainers[*].image`',
    '`spec.activeDeadlineSeconds`',
    '`spec.tolerations` (only additions to existing tolerations)',
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ]
  assert.equal(
    message,
    `Pod "a" is invalid: spec: Forbidden: pod updates may not change fields other than ${fields.join(',')}\n+ spec.hostname: "other"\n`,
  )
})

test('pods: eviction marks the pod and deletes it', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  await call('POST', pods, pod('a', { nodeName: 'n1' }))
  await call('POST', `${pods}/a/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } })
  const evicted = await podOf(call('GET', `${pods}/a`))
  assert.equal(evicted.metadata.deletionGracePeriodSeconds, 30)
  assert.deepEqual(
    evicted.status?.conditions?.map(({ type, reason, message }) => ({ type, reason, message })),
    [{ type: 'DisruptionTarget', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }],
  )
})

test('pods: status writes keep the spec, and the class', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  const created = await podOf(call('POST', pods, pod('a')))
  const status = { phase: 'Running', podIP: '10.1.2.3', observedGeneration: 1 }
  const written = await podOf(call('PUT', `${pods}/a/status`, { ...created, spec: { containers: [] }, status }))
  assert.deepEqual(written.status, { ...status, podIPs: [{ ip: '10.1.2.3' }], qosClass: 'BestEffort' })
  assert.equal(written.spec.containers.length, 1)
  assert.equal(written.metadata.generation, 1)
})

test('pods: ephemeral containers come through their subresource only', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  const created = await podOf(call('POST', pods, pod('a')))
  created.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox' }]
  const written = await podOf(call('PUT', `${pods}/a/ephemeralcontainers`, created))
  assert.equal(written.spec.ephemeralContainers?.[0]?.imagePullPolicy, 'Always')
  assert.equal(written.metadata.generation, 2)
  written.spec.ephemeralContainers = []
  assert.equal(
    await refusalOf(call('PUT', `${pods}/a/ephemeralcontainers`, written)),
    'Pod "a" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed\n',
  )
})

test('pods: resize changes resources in place', async () => {
  await using server = await startRegistryServer()
  const { call } = server
  const resources = { requests: { cpu: '1' } }
  const created = await podOf(call('POST', pods, pod('a', { containers: [{ name: 'web', image: 'nginx', resources }] })))
  created.spec.containers[0]!.resources = { requests: { cpu: '2' } }
  const resized = await podOf(call('PUT', `${pods}/a/resize`, created))
  assert.deepEqual(resized.spec.containers[0]!.resources, { requests: { cpu: '2' } })
  resized.spec.containers[0]!.resources = {}
  assert.equal(
    await refusalOf(call('PUT', `${pods}/a/resize`, resized)),
    'Pod "a" is invalid: [spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing, spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed]',
  )
})

test('pods: a class that a resize would change', async () => {
  await using server = await startRegistryServer()
  const answer = await server.call(
    'POST',
    pods,
    pod('a', { containers: [{ name: 'web', image: 'nginx:1', resources: { limits: { cpu: '1', memory: '1Gi' } } }] }),
  )
  const created = answer.body as Pod
  assert.equal(created.status?.qosClass, 'Guaranteed')
  assert.deepEqual(created.spec.containers[0]!.resources, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } })
})
