import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ClusterRole, ClusterRoleBinding } from '#api/rbac/v1/types.gen.ts'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import type { Client } from '#client/client.ts'
import type { KubeletRequest } from '#kubelet/server/request-attributes.ts'
import { startCluster } from '../start-cluster.ts'
import { kubeletAuthorizer } from './kubelet-authorizer.ts'

const { signal } = new AbortController()

let cluster: Awaited<ReturnType<typeof startCluster>>
let nodeClient: Client
let authorize: ReturnType<typeof kubeletAuthorizer>
before(async () => {
  cluster = await startCluster({ clock: 'virtual' })
  nodeClient = cluster.controlPlane.clientOf({ name: 'system:node:one', groups: ['system:nodes'] })
  authorize = kubeletAuthorizer({ nodeName: 'one', client: nodeClient, signal })
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' } as const
  const role: ClusterRole = {
    ...rbac,
    kind: 'ClusterRole',
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }],
  }
  const binding: ClusterRoleBinding = {
    ...rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  }
  await cluster.client.create(role)
  await cluster.client.create(binding)
  await cluster.until({ apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' }, 'Exists')
})
after(() => cluster.stop())

const request = (changes: Partial<KubeletRequest>): KubeletRequest => ({
  verb: 'get',
  path: '/pods',
  subresources: ['pods', 'proxy'],
  clientCertificate: undefined,
  bearerToken: undefined,
  ...changes,
})
const certificate = (commonName: string, ...organizations: string[]) => ({ clientCertificate: { commonName, organizations } })
const unauthorized = { allowed: false, statusCode: 401, message: 'Unauthorized' }

test('kubelet authorizer: nobody, and a token that is none', async () => {
  assert.deepEqual(await authorize(request({})), unauthorized)
  assert.deepEqual(await authorize(request({ bearerToken: 'nonsense' })), unauthorized)
})

test('kubelet authorizer: the API server, without asking it about itself; an administrator', async () => {
  const silent = kubeletAuthorizer({ nodeName: 'one', client: { create: () => assert.fail('asked') } as unknown as Client, signal })
  assert.deepEqual(await silent(request(certificate('kube-apiserver-kubelet-client'))), { allowed: true })
  assert.deepEqual(await authorize(request(certificate('kubernetes-admin', 'system:masters'))), { allowed: true })
})

test('kubelet authorizer: somebody without a right, in words that say which one', async () => {
  assert.deepEqual(await authorize(request(certificate('mallory'))), {
    allowed: false,
    statusCode: 403,
    message: 'Forbidden (user=mallory, verb=get, resource=nodes, subresource(s)=[pods])',
  })
})

test('kubelet authorizer: another node may not', async () => {
  assert.equal((await authorize(request(certificate('system:node:two', 'system:nodes')))).allowed, false)
})

test('kubelet authorizer: the token of a service account, for what it may only', async () => {
  const ref = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' }
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: {} }
  const { status } = await cluster.client.createSubresource<TokenRequest>(ref, 'token', body)
  const bearerToken = status!.token
  assert.deepEqual(await authorize(request({ bearerToken, path: '/metrics', subresources: ['metrics', 'proxy'] })), { allowed: true })
  assert.equal(
    (await authorize(request({ bearerToken, verb: 'create', path: '/metrics', subresources: ['metrics', 'proxy'] }))).allowed,
    false,
  )
  assert.equal((await authorize(request({ bearerToken }))).allowed, false)
})
