/** The official client library for JavaScript, generated from upstream's OpenAPI document, against `cox test-server`. */
import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import {
  ApiException,
  ApisApi,
  AuthenticationV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  Exec,
  Health,
  KubeConfig,
  KubernetesObjectApi,
  Log,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1Pod,
  type V1Status,
  VersionApi,
} from '@kubernetes/client-node'
import * as library from '@kubernetes/client-node'
import { ForeignCluster } from './test-server.ts'

const namespace = 'default'
let cluster: ForeignCluster
let config: KubeConfig
let core: CoreV1Api

before(async () => {
  cluster = await ForeignCluster.start('--nodes=2', '--image=web={http: {/: hello}, logs: [one, two]}')
  config = new KubeConfig()
  config.loadFromFile(cluster.endpoint.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
})
after(() => cluster[Symbol.asyncDispose]())

const podOf = (name: string, image = 'web'): V1Pod => ({ metadata: { name }, spec: { containers: [{ name: 'main', image }] } })

async function createRunning(name: string, image?: string): Promise<void> {
  await core.createNamespacedPod({ namespace, body: podOf(name, image) })
  await cluster.control('POST', '/wait', { apiVersion: 'v1', kind: 'Pod', name, for: 'Ready' })
}

/** What the client threw, with the Status of its body. */
async function refusalOf(call: Promise<unknown>): Promise<V1Status> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof ApiException, String(error))
    const status = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as V1Status
    assert.equal(error.code, status.code)
    return status
  }
  throw new Error('nothing was refused')
}

describe('client-node: the generated API', () => {
  /** What objects of a kind need beside a name. */
  const samples: Record<string, object> = {
    Pod: { spec: { containers: [{ name: 'main', image: 'web' }] } },
    Secret: { stringData: { password: 'secret' } },
    ConfigMap: { data: { color: 'red' } },
    Service: { spec: { ports: [{ port: 80, targetPort: 'http' }], selector: { app: 'web' } } },
    Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
    EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }], ports: [{ port: 80 }] },
    'v1 Event': { involvedObject: { kind: 'Pod', namespace, name: 'web' }, reason: 'Test', message: 'hello', type: 'Normal' },
    'events.k8s.io/v1 Event': {
      regarding: { kind: 'Pod', namespace, name: 'web' },
      eventTime: '2026-01-01T00:00:00.123456Z',
      reportingController: 'test.io/test',
      reportingInstance: 'test-0',
      action: 'Testing',
      reason: 'Test',
      type: 'Normal',
    },
    Lease: { spec: { holderIdentity: 'me', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.123456Z' } },
    ClusterRole: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    Role: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    ClusterRoleBinding: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [] },
    RoleBinding: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [] },
  }
  type Method = (parameters: object, options?: unknown) => Promise<any>
  type GeneratedAPI = Record<string, Method> & { getAPIResources(): Promise<{ resources: library.V1APIResource[] }> }

  /** As the generator names them: `RbacAuthorizationV1Api`. */
  function generatedAPI(group: string, version: string): GeneratedAPI {
    const parts = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.')
    const name = `${[...parts, version].map(part => part[0]!.toUpperCase() + part.slice(1)).join('')}Api`
    return config.makeApiClient((library as any)[name]) as unknown as GeneratedAPI
  }

  async function groupVersions(): Promise<{ group: string; version: string }[]> {
    const { groups } = await config.makeApiClient(ApisApi).getAPIVersions()
    const named = groups.flatMap(({ name, versions }) => versions.map(({ version }) => ({ group: name, version })))
    return [{ group: '', version: 'v1' }, ...named]
  }

  test('every kind that is served: create, read, list, patch, replace, delete', async t => {
    for (const { group, version } of await groupVersions()) {
      const api = generatedAPI(group, version)
      const { resources } = await api.getAPIResources()
      const stored = resources.filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list') && verbs.includes('create'))
      const apiVersion = group === '' ? version : `${group}/${version}`
      for (const { kind, namespaced } of stored) {
        await t.test(`${apiVersion} ${kind}`, () => roundTrip(api, { apiVersion, kind, namespaced }))
      }
    }
  })

  async function roundTrip(api: GeneratedAPI, { apiVersion, kind, namespaced }: { apiVersion: string; kind: string; namespaced: boolean }) {
    const scope = namespaced ? { namespace } : {}
    const method = (verb: string) => api[`${verb}${namespaced ? 'Namespaced' : ''}${kind}`]!.bind(api)
    const sample = samples[`${apiVersion} ${kind}`] ?? samples[kind] ?? {}
    const name = `foreign-${kind.toLowerCase()}`
    const created = await method('create')({ ...scope, body: { metadata: { name, labels: { test: name } }, ...sample } })
    assert.match(created.constructor.name, new RegExp(`V1${kind}$`))
    assert.ok(created.metadata.creationTimestamp instanceof Date)
    const read = await method('read')({ ...scope, name })
    assert.equal(read.metadata.uid, created.metadata.uid)
    const { items } = await method('list')({ ...scope, labelSelector: `test=${name}` })
    assert.deepEqual(
      items.map((item: { metadata: { uid: string } }) => item.metadata.uid),
      [created.metadata.uid],
    )
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch)
    const patched = await method('patch')({ ...scope, name, body: { metadata: { annotations: { patched: 'yes' } } } }, merge)
    assert.equal(patched.metadata.annotations.patched, 'yes')
    const current = await method('read')({ ...scope, name })
    current.metadata.annotations.replaced = 'yes'
    const replaced = await method('replace')({ ...scope, name, body: current })
    assert.deepEqual(replaced.metadata.annotations, { ...current.metadata.annotations, replaced: 'yes' })
    const stale = await refusalOf(method('replace')({ ...scope, name, body: patched }))
    assert.deepEqual([stale.code, stale.reason], [409, 'Conflict'])
    await method('delete')({ ...scope, name, gracePeriodSeconds: 0 })
    await cluster.control('POST', '/wait', { apiVersion, kind, name, for: 'Deleted' })
    assert.equal((await refusalOf(method('read')({ ...scope, name }))).reason, 'NotFound')
  }

  test('reviews: who am I, what may I, whose token is this', async () => {
    const [authentication, authorization] = [config.makeApiClient(AuthenticationV1Api), config.makeApiClient(AuthorizationV1Api)]
    const self = await authentication.createSelfSubjectReview({ body: {} })
    assert.equal(self.status?.userInfo?.username, 'kubernetes-admin')
    const mayI = await authorization.createSelfSubjectAccessReview({
      body: { spec: { resourceAttributes: { verb: 'delete', resource: 'nodes' } } },
    })
    assert.equal(mayI.status?.allowed, true)
    const rules = await authorization.createSelfSubjectRulesReview({ body: { spec: { namespace } } })
    assert.ok(rules.status?.resourceRules.some(({ verbs }) => verbs.includes('*')))
    const spec = { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'secrets', namespace } }
    assert.equal((await authorization.createSubjectAccessReview({ body: { spec } })).status?.allowed, false)
    assert.equal((await authorization.createNamespacedLocalSubjectAccessReview({ namespace, body: { spec } })).status?.allowed, false)
    const token = await core.createNamespacedServiceAccountToken({ namespace, name: 'default', body: { spec: { audiences: [] } } })
    assert.ok(token.status!.expirationTimestamp instanceof Date)
    const review = await authentication.createTokenReview({ body: { spec: { token: token.status!.token! } } })
    assert.deepEqual([review.status?.authenticated, review.status?.user?.username], [true, 'system:serviceaccount:default:default'])
  })

  test('a bearer token is let in, and may only what its account may', async () => {
    const token = await core.createNamespacedServiceAccountToken({ namespace, name: 'default', body: { spec: { audiences: [] } } })
    const other = new KubeConfig()
    const { server, caData } = config.getCurrentCluster()!
    other.loadFromOptions({
      clusters: [{ name: 'c', server, caData: caData! }],
      users: [{ name: 'u', token: token.status!.token }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    })
    const refusal = await refusalOf(other.makeApiClient(CoreV1Api).listNamespacedPod({ namespace }))
    assert.deepEqual([refusal.code, refusal.reason], [403, 'Forbidden'])
    assert.match(
      refusal.message!,
      /User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"$/,
    )
  })

  test('lists come in pieces; errors are Statuses with causes', async () => {
    for (const name of ['page-a', 'page-b', 'page-c'])
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { page: 'yes' } } } })
    const query = { namespace, labelSelector: 'page=yes', limit: 2 }
    const first = await core.listNamespacedConfigMap(query)
    assert.deepEqual([first.items.length, first.metadata?.remainingItemCount], [2, undefined])
    const rest = await core.listNamespacedConfigMap({ ...query, _continue: first.metadata!._continue! })
    assert.deepEqual([rest.items.map(({ metadata }) => metadata?.name), rest.metadata?._continue], [['page-c'], undefined])
    await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'page=yes' })
    assert.deepEqual((await core.listNamespacedConfigMap(query)).items, [])
    const invalid = await refusalOf(core.createNamespacedPod({ namespace, body: { metadata: { name: 'A_B' }, spec: { containers: [] } } }))
    assert.deepEqual([invalid.code, invalid.details?.causes?.map(({ field }) => field)], [422, ['metadata.name', 'spec.containers']])
  })

  test('version and health', async () => {
    assert.match((await config.makeApiClient(VersionApi).getCode()).gitVersion, /^v1\.36\./)
    const health = new Health(config)
    assert.deepEqual([await health.readyz({}), await health.livez({})], [true, true])
  })
})

describe('client-node: patches', () => {
  const patch = (name: string, type: PatchStrategy, body: unknown, more: object = {}) =>
    core.patchNamespacedConfigMap({ namespace, name, body, ...more }, setHeaderOptions('Content-Type', type))

  test('JSON patch, merge patch, strategic merge patch', async () => {
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'patched' }, data: { a: '1' } } })
    await patch('patched', PatchStrategy.JsonPatch, [{ op: 'replace', path: '/data/a', value: '2' }])
    await patch('patched', PatchStrategy.MergePatch, { data: { b: '3' } })
    const { data } = await patch('patched', PatchStrategy.StrategicMergePatch, { data: { a: null, c: '4' } })
    assert.deepEqual(data, { b: '3', c: '4' })
  })

  test('server-side apply: creates, owns its fields, meets others, takes over by force', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data: { color: 'red' } }
    const apply = (fieldManager: string, data: object, force = false) =>
      patch('applied', PatchStrategy.ServerSideApply, { ...body, data }, { fieldManager, force })
    const created = await apply('one', { color: 'red' })
    assert.deepEqual(
      created.metadata?.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [['one', 'Apply']],
    )
    const conflict = await refusalOf(apply('two', { color: 'blue' }))
    assert.deepEqual([conflict.code, conflict.details?.causes?.map(({ field }) => field)], [409, ['.data.color']])
    assert.deepEqual((await apply('two', { color: 'blue' }, true)).data, { color: 'blue' })
    assert.deepEqual((await apply('one', { size: 'big' })).data, { color: 'blue', size: 'big' })
  })

  test('the API for objects of any kind', async () => {
    const api = KubernetesObjectApi.makeApiClient(config)
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'dynamic', namespace }, data: { a: '1' } }
    await api.create(object)
    const read = await api.read(object)
    assert.equal((read as typeof object).data.a, '1')
    const applied = await api.patch(
      { ...object, data: { a: '2' } } as never,
      undefined,
      undefined,
      'me',
      true,
      PatchStrategy.ServerSideApply,
    )
    assert.equal((applied as unknown as typeof object).data.a, '2')
    const { items } = await api.list('v1', 'ConfigMap', namespace)
    assert.ok(items.some(({ metadata }) => metadata?.name === 'dynamic'))
    assert.equal((await api.delete(object)).status, 'Success')
  })
})

describe('client-node: streams', () => {
  before(() => createRunning('streams'))

  const run = async (command: string[], input?: Readable) => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const status = Promise.withResolvers<V1Status>()
    await new Exec(config).exec(namespace, 'streams', 'main', command, stdout, stderr, input ?? null, false, status.resolve)
    const ended = await status.promise
    stdout.end()
    stderr.end()
    return { status: ended, stdout: await text(stdout), stderr: await text(stderr) }
  }

  test('exec: output, errors, exit code, input', async () => {
    const fine = await run(['sh', '-c', 'echo out; echo err >&2'])
    assert.deepEqual([fine.status.status, fine.stdout, fine.stderr], ['Success', 'out\n', 'err\n'])
    const failed = await run(['sh', '-c', 'exit 3'])
    assert.deepEqual([failed.status.status, failed.status.reason], ['Failure', 'NonZeroExitCode'])
    assert.deepEqual(failed.status.details?.causes, [{ reason: 'ExitCode', message: '3' }])
    const echoed = await run(['cat'], Readable.from(['hello\n', 'world\n']))
    assert.equal(echoed.stdout, 'hello\nworld\n')
  })

  test('port-forward: a request and its answer', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const socket = (await new PortForward(config).portForward(namespace, 'streams', [80], output, null, input)) as unknown as {
      close(): void
    }
    input.write('GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n')
    let answer = ''
    for await (const chunk of output) if ((answer += chunk).includes('hello')) break
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
    socket.close()
  })

  test('logs: as they are, the tail, followed to the end', async () => {
    assert.equal(await core.readNamespacedPodLog({ namespace, name: 'streams' }), 'one\ntwo\n')
    assert.equal(await core.readNamespacedPodLog({ namespace, name: 'streams', tailLines: 1 }), 'two\n')
    const lines = new PassThrough()
    const following = text(lines)
    await new Log(config).log(namespace, 'streams', 'main', lines, { follow: true })
    await core.deleteNamespacedPod({ namespace, name: 'streams', gracePeriodSeconds: 1 })
    assert.equal(await following, 'one\ntwo\n')
  })
})
