import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRequestInfo, type RequestInfo } from './request-info.ts'

const cases: { have: [method: string, path: string, query?: string]; want: Partial<RequestInfo> }[] = [
  { have: ['GET', '/api/v1/pods'], want: { verb: 'list', version: 'v1', resource: 'pods', namespace: '', name: '' } },
  { have: ['GET', '/api/v1/pods', 'watch=1'], want: { verb: 'watch', resource: 'pods' } },
  { have: ['GET', '/api/v1/pods', 'watch=false'], want: { verb: 'list', resource: 'pods' } },
  { have: ['GET', '/api/v1/namespaces/a/pods/b'], want: { verb: 'get', resource: 'pods', namespace: 'a', name: 'b' } },
  { have: ['HEAD', '/api/v1/namespaces/a/pods/b'], want: { verb: 'get', resource: 'pods', name: 'b' } },
  {
    have: ['POST', '/apis/apps/v1/namespaces/a/deployments'],
    want: { verb: 'create', group: 'apps', version: 'v1', resource: 'deployments' },
  },
  { have: ['PUT', '/api/v1/namespaces/a/pods/b/status'], want: { verb: 'update', resource: 'pods', subresource: 'status' } },
  { have: ['DELETE', '/api/v1/namespaces/a/pods'], want: { verb: 'deletecollection', resource: 'pods', namespace: 'a' } },
  { have: ['DELETE', '/api/v1/namespaces/a'], want: { verb: 'delete', resource: 'namespaces', namespace: 'a', name: 'a' } },
  { have: ['PUT', '/api/v1/namespaces/a/finalize'], want: { verb: 'update', resource: 'namespaces', name: 'a', subresource: 'finalize' } },
  {
    have: ['GET', '/api/v1/namespaces/a/services/s:80/proxy/x/y'],
    want: { resource: 'services', name: 's:80', subresource: 'proxy', rest: 'x/y' },
  },
  { have: ['GET', '/api/v1/watch/namespaces/a/pods'], want: { verb: 'watch', namespace: 'a', resource: 'pods' } },
  { have: ['GET', '/api/v1/pods', 'fieldSelector=metadata.name%3Dx'], want: { verb: 'list', name: 'x' } },
  { have: ['GET', '/api/v1/nodes/a%2Fb'], want: { resource: 'nodes', name: 'a/b' } },
  { have: ['GET', '/apis/apps/v1'], want: { isResourceRequest: false, verb: 'get', path: '/apis/apps/v1' } },
  { have: ['POST', '/healthz'], want: { isResourceRequest: false, verb: 'post', path: '/healthz' } },
]

for (const { have, want } of cases) {
  test(`request info: ${have.join(' ')} → ${want.verb ?? ''} ${want.resource ?? want.path ?? want.name}`, () => {
    const info = parseRequestInfo(have[0], have[1], have[2] ?? '')
    assert.deepEqual({ ...info, ...want }, info)
  })
}
