import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConfigMap, Event, Namespace, Node, Secret, ServiceAccount } from '#api/core/v1/types.gen.ts'
import { refusalOf, startRegistryServer } from '../testing/registry-server.ts'

const inDefault = '/api/v1/namespaces/default'

/** A copy: what the server answers in process is shared. */
async function bodyOf<T>(call: Promise<{ body?: unknown }>): Promise<T> {
  return structuredClone((await call).body) as T
}

describe('namespaces', () => {
  test('stay until their finalizer is taken', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const path = '/api/v1/namespaces/a'
    const created = await bodyOf<Namespace>(
      call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }),
    )
    assert.deepEqual(created.metadata.labels, { 'kubernetes.io/metadata.name': 'a' })
    assert.deepEqual(created.spec, { finalizers: ['kubernetes'] })
    assert.deepEqual(created.status, { phase: 'Active' })
    const deleting = await bodyOf<Namespace>(call('DELETE', path))
    assert.equal(deleting.status?.phase, 'Terminating')
    assert.ok(deleting.metadata.deletionTimestamp)
    const current = await bodyOf<Namespace>(call('GET', path))
    await call('PUT', `${path}/finalize`, { ...current, spec: {} })
    assert.equal(await refusalOf(call('GET', path)), 'namespaces "a" not found')
  })

  test('an update leaves finalizers and phase alone', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const created = await bodyOf<Namespace>(
      call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }),
    )
    const updated = await bodyOf<Namespace>(call('PUT', '/api/v1/namespaces/a', { ...created, spec: {}, status: { phase: 'Terminating' } }))
    assert.deepEqual([updated.spec, updated.status], [created.spec, created.status])
  })
})

describe('config maps', () => {
  const configMap = (more: Partial<ConfigMap>): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, ...more })

  test('immutable ones do not change', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const created = await bodyOf<ConfigMap>(call('POST', `${inDefault}/configmaps`, configMap({ data: { k: 'v' }, immutable: true })))
    const detail = 'Forbidden: field is immutable when `immutable` is set'
    const change = { ...created, immutable: false, data: { k: 'w' } }
    assert.equal(
      await refusalOf(call('PUT', `${inDefault}/configmaps/a`, change)),
      `ConfigMap "a" is invalid: [immutable: ${detail}, data: ${detail}]`,
    )
  })

  test('keys', async () => {
    await using server = await startRegistryServer()
    const message = await refusalOf(
      server.call('POST', `${inDefault}/configmaps`, configMap({ data: { 'a b': '', k: '' }, binaryData: { k: 'AA==' } })),
    )
    assert.equal(
      message,
      `ConfigMap "a" is invalid: [data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+'), data[k]: Invalid value: "k": duplicate of key present in binaryData]`,
    )
    await bodyOf(server.call('POST', `${inDefault}/configmaps`, configMap({ data: { constructor: '', toString: '' }, binaryData: {} })))
  })
})

describe('secrets', () => {
  const secret = (more: Partial<Secret>): Secret => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, ...more })

  test('stringData is merged into data', async () => {
    await using server = await startRegistryServer()
    const created = await bodyOf<Secret>(
      server.call('POST', `${inDefault}/secrets`, secret({ data: { a: 'QQ==', b: 'QQ==' }, stringData: { b: 'hello' } })),
    )
    assert.deepEqual(created.data, { a: 'QQ==', b: 'aGVsbG8=' })
    assert.equal(created.stringData, undefined)
    assert.equal(created.type, 'Opaque')
  })

  const cases: { have: Partial<Secret>; want: string }[] = [
    { have: { type: 'kubernetes.io/tls' }, want: '[data[tls.crt]: Required value, data[tls.key]: Required value]' },
    { have: { type: 'kubernetes.io/basic-auth' }, want: '[data[username]: Required value, data[password]: Required value]' },
    { have: { type: 'kubernetes.io/ssh-auth' }, want: 'data[ssh-privatekey]: Required value' },
    { have: { type: 'kubernetes.io/dockerconfigjson' }, want: 'data[.dockerconfigjson]: Required value' },
    {
      have: { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '' } },
      want: 'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
    },
    {
      have: { type: 'kubernetes.io/service-account-token' },
      want: 'metadata.annotations[kubernetes.io/service-account.name]: Required value',
    },
  ]
  for (const { have, want } of cases) {
    test(`${have.type} without its keys`, async () => {
      await using server = await startRegistryServer()
      assert.equal(await refusalOf(server.call('POST', `${inDefault}/secrets`, secret(have))), `Secret "a" is invalid: ${want}`)
    })
  }
})

describe('service accounts', () => {
  test('answer with a token', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } }
    await call('POST', `${inDefault}/serviceaccounts`, account)
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} }
    const answer = await bodyOf<{ status: { token: string; expirationTimestamp: string } }>(
      call('POST', `${inDefault}/serviceaccounts/a/token`, request),
    )
    assert.equal(answer.status.token.split('.').length, 3)
    assert.equal(answer.status.expirationTimestamp, '2026-01-01T01:00:00Z')
  })
})

describe('nodes', () => {
  test('the status is written by itself, the pod range once', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {}, status: { capacity: { cpu: '4' } } }
    const created = await bodyOf<Node>(call('POST', '/api/v1/nodes', node))
    assert.deepEqual(created.status?.allocatable, { cpu: '4' })
    const ranged = await bodyOf<Node>(call('PUT', '/api/v1/nodes/n', { ...created, spec: { podCIDR: '10.1.0.0/24' }, status: {} }))
    assert.deepEqual(ranged.spec, { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] })
    assert.deepEqual(ranged.status?.capacity, { cpu: '4' })
    const other = { ...ranged, spec: { podCIDR: '10.2.0.0/24', podCIDRs: ['10.2.0.0/24'] } }
    assert.equal(
      await refusalOf(call('PUT', '/api/v1/nodes/n', other)),
      'Node "n" is invalid: spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    )
  })
})

describe('events', () => {
  const event: Event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'a.1' },
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'a' },
    reason: 'Started',
    message: 'Started container web',
    source: { component: 'kubelet', host: 'n1' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 1,
    type: 'Normal',
  }

  test('are the same in both groups', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    await call('POST', `${inDefault}/events`, event)
    const other = await bodyOf<Record<string, unknown>>(call('GET', '/apis/events.k8s.io/v1/namespaces/default/events/a.1'))
    const { metadata, ...content } = other
    assert.ok(metadata)
    assert.deepEqual(content, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      regarding: event.involvedObject,
      reason: 'Started',
      note: 'Started container web',
      deprecatedSource: event.source,
      deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
      deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
      deprecatedCount: 1,
      eventTime: null,
      type: 'Normal',
    })
    const core = await bodyOf<Record<string, unknown>>(call('GET', `${inDefault}/events/a.1`))
    assert.deepEqual([core['eventTime'], core['reportingComponent'], core['reportingInstance']], [null, '', ''])
  })

  test('the newer group is strict', async () => {
    await using server = await startRegistryServer()
    const message = await refusalOf(
      server.call('POST', '/apis/events.k8s.io/v1/namespaces/default/events', {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'b' },
        regarding: event.involvedObject,
        type: 'Loud',
      }),
    )
    assert.equal(message, 'Event "b" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: Loud]')
  })

  test('about another namespace', async () => {
    await using server = await startRegistryServer()
    const strange = { ...event, involvedObject: { ...event.involvedObject, namespace: 'other' } }
    assert.equal(
      await refusalOf(server.call('POST', `${inDefault}/events`, strange)),
      'Event "a.1" is invalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    )
  })
})
