import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import type { AdmissionPlugin, AdmissionRequest, UserInfo } from '../registry/resource.ts'
import { ObjectStores, testContext } from '../testing/object-stores.ts'
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts'
import { NamespaceLifecycle } from './namespace-lifecycle.ts'
import { NodeRestriction } from './node-restriction.ts'
import { Priority } from './priority.ts'
import { ServiceAccount } from './service-account.ts'
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts'

const node: UserInfo = { name: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] }

interface Given {
  operation?: AdmissionRequest['operation']
  object?: object
  old?: object
  /** `pods/status`, `leases.coordination.k8s.io`. */
  resource?: string
  namespace?: string
  name?: string
  user?: UserInfo
  stores?: ObjectStores
  clock?: VirtualClock
}

function requestOf({
  operation = 'CREATE',
  object,
  old,
  resource = 'pods',
  user = { name: 'jane', groups: [] },
  ...rest
}: Given): AdmissionRequest {
  const [full = '', subresource] = resource.split('/')
  const [name = '', ...group] = full.split('.')
  return {
    operation,
    object: object as KubeObject | undefined,
    old: old as KubeObject | undefined,
    context: testContext({
      ...rest,
      user,
      resource: { group: group.join('.'), version: 'v1', resource: name },
      subresource,
      namespace: 'namespace' in rest ? rest.namespace : 'default',
    }),
  }
}

/** The refusal's message; '' for none. */
async function refusal(plugin: AdmissionPlugin, given: Given): Promise<string> {
  try {
    await plugin.admit!(requestOf(given))
    return ''
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error.message
  }
}

describe('NamespaceLifecycle', () => {
  const stores = new ObjectStores({
    namespaces: [{ metadata: { name: 'default' } }, { metadata: { name: 'dying' }, status: { phase: 'Terminating' } }],
  })
  const pod = { metadata: { name: 'web' } }
  const namespace = (name: string, operation: 'DELETE' | 'CREATE'): Given => ({
    resource: 'namespaces',
    namespace: undefined as never,
    name,
    operation,
  })
  const cases: { name: string; given: Given; want: string }[] = [
    { name: 'there', given: { object: pod }, want: '' },
    { name: 'missing', given: { object: pod, namespace: 'x' }, want: 'namespaces "x" not found' },
    { name: 'missing, delete', given: { operation: 'DELETE', name: 'web', namespace: 'x' }, want: '' },
    {
      name: 'terminating',
      given: { object: pod, namespace: 'dying' },
      want: 'pods "web" is forbidden: unable to create new content in namespace dying because it is being terminated',
    },
    { name: 'terminating, update', given: { operation: 'UPDATE', object: pod, old: pod, namespace: 'dying' }, want: '' },
    {
      name: 'immortal',
      given: namespace('kube-system', 'DELETE'),
      want: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    },
    { name: 'mortal', given: namespace('team', 'DELETE'), want: '' },
    { name: 'no namespace', given: { resource: 'nodes', namespace: undefined as never, object: { metadata: { name: 'n' } } }, want: '' },
  ]
  for (const { name, given, want } of cases) {
    test(`${name} → ${want === '' ? 'passes' : 'refused'}`, async () =>
      assert.equal(await refusal(new NamespaceLifecycle(), { ...given, stores }), want))
  }

  test('the cause tells that the namespace is going', async () => {
    try {
      await new NamespaceLifecycle().admit(requestOf({ object: pod, namespace: 'dying', stores }))
      assert.fail('not refused')
    } catch (error) {
      const cause = { reason: 'NamespaceTerminating', message: 'namespace dying is being terminated', field: 'metadata.namespace' }
      assert.deepEqual((error as StatusError).status.details!.causes, [cause])
    }
  })
})

describe('ServiceAccount', () => {
  const stores = new ObjectStores({
    serviceaccounts: [
      { metadata: { namespace: 'default', name: 'default' }, imagePullSecrets: [{ name: 'pull' }] },
      { metadata: { namespace: 'default', name: 'quiet' }, automountServiceAccountToken: false },
    ],
  })
  const admit = async (spec: object, metadata: object = { name: 'web' }) => {
    const object = { metadata, spec: structuredClone(spec) }
    assert.equal(await refusal(new ServiceAccount(), { object, stores }), '')
    return object.spec as Record<string, unknown>
  }

  test('plain pod: default account, its pull secrets, the access volume', async () => {
    const spec = await admit({
      initContainers: [{ name: 'i' }],
      containers: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    })
    const [volume] = spec['volumes'] as { name: string }[]
    assert.match(volume!.name, /^kube-api-access-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    const mount = { name: volume!.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }
    assert.deepEqual(spec, {
      initContainers: [{ name: 'i', volumeMounts: [mount] }],
      containers: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v' }, mount] }],
      serviceAccountName: 'default',
      serviceAccount: 'default',
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [
        {
          name: volume!.name,
          projected: {
            sources: [
              { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
              { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
              { downwardAPI: { items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }] } },
            ],
            defaultMode: 420,
          },
        },
      ],
    })
  })

  test('no volume: switched off by the pod, by the account, or there already', async () => {
    assert.equal((await admit({ containers: [{ name: 'c' }], automountServiceAccountToken: false }))['volumes'], undefined)
    assert.equal((await admit({ containers: [{ name: 'c' }], serviceAccountName: 'quiet' }))['volumes'], undefined)
    const volumeMounts = [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]
    assert.equal((await admit({ containers: [{ name: 'c', volumeMounts }] }))['volumes'], undefined)
    assert.equal((await admit({ containers: [], imagePullSecrets: [{ name: 'mine' }] }))['imagePullSecrets'] instanceof Array, true)
  })

  test('mirror pod: left alone', async () => {
    const metadata = { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    assert.deepEqual(await admit({ containers: [{ name: 'c' }] }, metadata), { containers: [{ name: 'c' }] })
    const object = { metadata, spec: { serviceAccountName: 'default', containers: [] } }
    assert.equal(
      await refusal(new ServiceAccount(), { object, stores }),
      'pods "m" is forbidden: a mirror pod may not reference service accounts',
    )
  })

  test('missing account: refused; the default one is waited for', async () => {
    const object = { metadata: { name: 'web' }, spec: { serviceAccountName: 'nope', containers: [] } }
    const want = 'pods "web" is forbidden: error looking up service account default/nope: serviceaccount "nope" not found'
    assert.equal(await refusal(new ServiceAccount(), { object, stores }), want)

    const clock = new VirtualClock()
    const empty = new ObjectStores()
    const young = { metadata: { generateName: 'web-' }, spec: { containers: [] } }
    const waiting = refusal(new ServiceAccount(), { object: young, stores: empty, clock })
    await clock.advance(500)
    await empty
      .of({ group: '', resource: 'serviceaccounts' })
      .create({ metadata: { namespace: 'default', name: 'default' } } as KubeObject, testContext())
    await clock.advance(500)
    assert.equal(await waiting, '')

    const never = refusal(new ServiceAccount(), { object: structuredClone(young), stores: new ObjectStores(), clock })
    await clock.advance(10_000)
    assert.equal(
      await never,
      'pods "web-" is forbidden: error looking up service account default/default: serviceaccount "default" not found',
    )
  })
})

test('DefaultTolerationSeconds: five minutes, unless the pod says otherwise', () => {
  const tolerationsOf = (tolerations?: object[]) => {
    const object = { metadata: { name: 'p' }, spec: { containers: [], ...(tolerations === undefined ? {} : { tolerations }) } }
    new DefaultTolerationSeconds().admit(requestOf({ object }))
    return (object.spec as { tolerations?: object[] }).tolerations
  }
  const standard = ['not-ready', 'unreachable'].map(name => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }))
  assert.deepEqual(tolerationsOf(), standard)
  assert.deepEqual(tolerationsOf([{ operator: 'Exists' }]), [{ operator: 'Exists' }])
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
  assert.deepEqual(tolerationsOf([own]), [own, standard[1]])
})

test('Priority: from the class', async () => {
  const prioritised = async (spec: object) => {
    const object = { metadata: { name: 'p' }, spec: { containers: [], ...spec } }
    const message = await refusal(new Priority(), { object })
    return message === '' ? object.spec : message
  }
  assert.deepEqual(await prioritised({}), { containers: [], priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
  assert.deepEqual(await prioritised({ priorityClassName: 'system-node-critical' }), {
    containers: [],
    priorityClassName: 'system-node-critical',
    priority: 2000001000,
    preemptionPolicy: 'PreemptLowerPriority',
  })
  assert.equal(await prioritised({ priorityClassName: 'x' }), 'pods "p" is forbidden: no PriorityClass with name x was found')
  assert.match(
    String(await prioritised({ priority: 7 })),
    /the integer value of priority \(7\) must not be provided in pod spec; priority admission controller computed 0/,
  )
})

test('TaintNodesByCondition: new nodes take no pods', () => {
  const object = { metadata: { name: 'n' }, spec: {} }
  new TaintNodesByCondition().admit(requestOf({ resource: 'nodes', object }))
  new TaintNodesByCondition().admit(requestOf({ resource: 'nodes', object }))
  assert.deepEqual(object.spec, { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] })
})

describe('NodeRestriction', () => {
  const podOn = (nodeName: string, name: string) => ({ metadata: { namespace: 'default', name, uid: `${name}-uid` }, spec: { nodeName } })
  const stores = new ObjectStores({
    pods: [podOn('node-1', 'mine'), podOn('node-2', 'theirs')],
    nodes: [{ metadata: { name: 'node-1', uid: 'u' } }],
  })
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'u', controller: true }
  const mirror = (metadata: object = {}, spec: object = {}) => ({
    metadata: { name: 'm', annotations: { 'kubernetes.io/config.mirror': 'x' }, ownerReferences: [owner], ...metadata },
    spec: { nodeName: 'node-1', ...spec },
  })
  const token = (reference: object) => ({
    resource: 'serviceaccounts/token',
    name: 'default',
    object: { spec: { boundObjectRef: reference } },
  })
  const nodeObject = (labels: object, spec: object = {}, name = 'node-1') => ({ metadata: { name, labels }, spec })
  const node1 = { resource: 'nodes', namespace: undefined as never }
  const cases: { given: Given; want: RegExp | '' }[] = [
    { given: { object: mirror() }, want: '' },
    { given: { object: mirror({ annotations: {} }) }, want: /can only create mirror pods$/ },
    { given: { object: mirror({ ownerReferences: [] }) }, want: /with an owner reference set to itself$/ },
    { given: { object: mirror({ ownerReferences: [{ ...owner, uid: 'v' }] }) }, want: /node node-1 UID mismatch: expected v got u$/ },
    { given: { object: mirror({}, { nodeName: 'node-2' }) }, want: /can only create pods with spec\.nodeName set to itself$/ },
    {
      given: { object: mirror({}, { volumes: [{ name: 'v', secret: { secretName: 's' } }] }) },
      want: /can not create pods that reference secrets$/,
    },
    { given: { operation: 'DELETE', name: 'mine' }, want: '' },
    {
      given: { operation: 'DELETE', name: 'theirs' },
      want: /^pods "theirs" is forbidden: node "node-1" can only delete pods with spec\.nodeName set to itself$/,
    },
    { given: { operation: 'UPDATE', resource: 'pods/status', object: podOn('node-1', 'mine'), old: podOn('node-1', 'mine') }, want: '' },
    {
      given: { operation: 'UPDATE', resource: 'pods/status', object: podOn('node-2', 'theirs'), old: podOn('node-2', 'theirs') },
      want: /node "node-1" can only update pod status for pods with spec\.nodeName set to itself$/,
    },
    { given: { ...node1, object: nodeObject({ 'kubernetes.io/hostname': 'x', mine: 'y' }) }, want: '' },
    {
      given: { ...node1, object: nodeObject({ 'node-role.kubernetes.io/control-plane': '' }) },
      want: /is not allowed to set the following labels: node-role\.kubernetes\.io\/control-plane$/,
    },
    { given: { ...node1, name: 'node-2', operation: 'UPDATE' }, want: /node "node-1" is not allowed to modify node "node-2"$/ },
    {
      given: { ...node1, name: 'node-1', operation: 'UPDATE', object: nodeObject({}), old: nodeObject({}, { taints: [{ key: 'k' }] }) },
      want: /is not allowed to modify taints$/,
    },
    { given: token({ apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'mine-uid' }), want: '' },
    { given: token({ apiVersion: 'v1', kind: 'Pod', name: 'mine' }), want: /node requested token with a pod binding without a uid$/ },
    {
      given: token({ apiVersion: 'v1', kind: 'Pod', name: 'theirs', uid: 'theirs-uid' }),
      want: /bound to a pod scheduled on a different node$/,
    },
    { given: { resource: 'leases.coordination.k8s.io', namespace: 'kube-node-lease', object: { metadata: { name: 'node-1' } } }, want: '' },
    {
      given: { resource: 'leases.coordination.k8s.io', namespace: 'kube-node-lease', object: { metadata: { name: 'node-2' } } },
      want: /can only access node lease with the same name as the requesting node$/,
    },
  ]
  cases.forEach(({ given, want }, index) => {
    test(`${index}: ${given.operation ?? 'CREATE'} ${given.resource ?? 'pods'} → ${want === '' ? 'passes' : want.source}`, async () => {
      const message = await refusal(new NodeRestriction(), { ...given, stores, user: node })
      if (want === '') assert.equal(message, '')
      else assert.match(message, want)
    })
  })
})
