import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer } from '../testing/test-server.ts'
import { compareVersions } from './group-order.ts'

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

test('legacy discovery: groups, versions, resources with their subresources', async () => {
  await using server = await startTestServer()
  const { call } = server
  assert.deepEqual((await call('GET', '/apis')).body, {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [
      {
        name: 'test.example',
        versions: [{ groupVersion: 'test.example/v1', version: 'v1' }],
        preferredVersion: { groupVersion: 'test.example/v1', version: 'v1' },
      },
    ],
  })
  assert.deepEqual((await call('GET', '/apis/test.example/v1')).body, {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'test.example/v1',
    resources: [
      {
        name: 'widgets',
        singularName: 'widget',
        namespaced: true,
        kind: 'Widget',
        verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
        shortNames: ['wd'],
        categories: ['all'],
        storageVersionHash: 'ivEM3TTdEas=',
      },
      { name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get', 'patch', 'update'] },
    ],
  })
})

test('aggregated discovery: one document, with an ETag that saves the second answer', async () => {
  await using server = await startTestServer()
  const request = (headers: Record<string, string>) => ({
    method: 'GET',
    path: '/apis',
    query: '',
    headers,
    peerCertificate: () => undefined,
    readBody: async () => Buffer.alloc(0),
    signal: new AbortController().signal,
  })
  const first = await server.server.handle(request({ accept: aggregated }))
  assert.equal(first.status, 200)
  assert.ok(first.body.type === 'value')
  assert.equal(first.body.contentType, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const { items } = JSON.parse(Buffer.from(first.body.bytes()).toString())
  assert.equal(items[0].versions[0].resources[0].scope, 'Namespaced')
  const second = await server.server.handle(request({ accept: aggregated, 'if-none-match': first.headers!['etag']! }))
  assert.equal(second.status, 304)
})

test('versions: stable before beta before alpha, newer first', () => {
  const versions = ['v1alpha1', 'v1', 'foo', 'v2beta1', 'v2', 'v1beta2']
  assert.deepEqual(versions.sort(compareVersions), ['v2', 'v1', 'v2beta1', 'v1beta2', 'v1alpha1', 'foo'])
})
