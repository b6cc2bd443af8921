import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '#api/rbac/v1/types.gen.ts'
import { newRefusal } from '../filters/authorize.ts'
import type { UserInfo } from '../registry/resource.ts'
import { ObjectStores, testContext } from '../testing/object-stores.ts'
import type { AuthorizationAttributes, ResourceAttributes } from './authorizer.ts'
import { NodeAuthorizer } from './node/node-authorizer.ts'
import { compactRules, missingRules, ruleAllows, ruleText } from './rbac/policy-rules.ts'
import { RBACAuthorizer } from './rbac/rbac-authorizer.ts'
import { RBACEscalationCheck } from './rbac/escalation-check.ts'
import { reconcileBootstrapPolicy } from './rbac/reconcile.ts'
import { RuleResolver } from './rbac/rule-resolver.ts'
import { PrivilegedGroupAuthorizer, UnionAuthorizer } from './union-authorizer.ts'

const jane: UserInfo = { name: 'jane', groups: ['system:authenticated'] }
const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }
const admin: UserInfo = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
const node: UserInfo = { name: 'system:node:node-1', groups: ['system:nodes', 'system:authenticated'] }

/** `get pods/log default/web`, `list deployments.apps`, `get /healthz`. */
function want(user: UserInfo, text: string): AuthorizationAttributes {
  const [verb = '', what = '', where = ''] = text.split(' ')
  if (what.startsWith('/')) return { isResourceRequest: false, user, verb, path: what }
  const [full = '', subresource = ''] = what.split('/')
  const [resource = '', ...group] = full.split('.')
  const [namespace = '', name = ''] = where.split('/')
  return { isResourceRequest: true, user, verb, group: group.join('.'), version: 'v1', resource, subresource, namespace, name }
}

describe('policy rules', () => {
  const cases: { rule: PolicyRule; allows: string[]; refuses: string[] }[] = [
    {
      rule: { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', '*/scale'] },
      allows: ['get pods', 'list pods a', 'get services/scale'],
      refuses: ['delete pods', 'get pods/log', 'get pods.apps', 'get services', 'get /pods'],
    },
    {
      rule: { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      allows: ['get pods', 'deletecollection x.y/z a/b'],
      refuses: ['get /healthz'],
    },
    {
      rule: { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['a', 'b'] },
      allows: ['get configmaps ns/a'],
      refuses: ['get configmaps ns', 'get configmaps ns/c'],
    },
    {
      rule: { verbs: ['get'], nonResourceURLs: ['/healthz', '/api/*'] },
      allows: ['get /healthz', 'get /api/v1'],
      refuses: ['get /healthz/x', 'get /api', 'post /healthz', 'get pods'],
    },
  ]
  for (const { rule, allows, refuses } of cases) {
    test(`${ruleText(rule)}`, () => {
      for (const text of allows) assert.equal(ruleAllows(rule, want(jane, text)), true, text)
      for (const text of refuses) assert.equal(ruleAllows(rule, want(jane, text)), false, text)
    })
  }

  test('what is missing, joined', () => {
    const held: PolicyRule[] = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]
    const wanted: PolicyRule[] = [
      { verbs: ['get', 'list', 'watch'], apiGroups: ['', 'apps'], resources: ['pods'] },
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] },
      { verbs: ['get'], nonResourceURLs: ['/metrics'] },
    ]
    assert.deepEqual(compactRules(missingRules(held, wanted)).map(ruleText), [
      '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
      '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list" "watch"]}',
      '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
    ])
    assert.deepEqual(missingRules([{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], wanted.slice(0, 2)), [])
  })
})

async function bootstrapped(extra: Record<string, unknown[]> = {}) {
  const stores = new ObjectStores(extra)
  await reconcileBootstrapPolicy(testContext({ stores }))
  const resolver = new RuleResolver(stores)
  const authorizer = new UnionAuthorizer(new PrivilegedGroupAuthorizer(), new NodeAuthorizer(stores), new RBACAuthorizer(resolver))
  const ask = (user: UserInfo, text: string, more: Partial<ResourceAttributes> = {}) =>
    authorizer.authorize({ ...want(user, text), ...more } as AuthorizationAttributes)
  return { stores, resolver, authorizer, ask }
}

const clusterRoles = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }
const clusterRoleBindings = { group: 'rbac.authorization.k8s.io', resource: 'clusterrolebindings' }

describe('the policy that a cluster starts with', () => {
  const cases: { user: UserInfo; allows: string[]; refuses: string[] }[] = [
    { user: admin, allows: ['delete nodes /x', 'get /metrics', 'escalate clusterroles.rbac.authorization.k8s.io'], refuses: [] },
    {
      user: jane,
      allows: ['get /api', 'get /openapi/v2', 'create selfsubjectaccessreviews.authorization.k8s.io', 'get /version'],
      refuses: ['get pods default', 'get /metrics', 'create tokenreviews.authentication.k8s.io'],
    },
    {
      user: anonymous,
      allows: ['get /healthz', 'get /livez', 'get /readyz', 'get /version'],
      refuses: ['get /api', 'get /', 'list pods default'],
    },
    {
      user: { name: 'system:kube-scheduler', groups: [] },
      allows: ['create pods/binding default/x', 'watch nodes', 'update leases.coordination.k8s.io kube-system/kube-scheduler'],
      refuses: ['create pods default', 'get secrets default'],
    },
    {
      user: { name: 'system:serviceaccount:kube-system:namespace-controller', groups: [] },
      allows: ['deletecollection pods x', 'update namespaces/finalize /x'],
      refuses: ['create pods x'],
    },
  ]
  for (const { user, allows, refuses } of cases) {
    test(user.name, async () => {
      const { ask } = await bootstrapped()
      for (const text of allows) assert.equal((await ask(user, text)).decision, 'allow', text)
      for (const text of refuses) assert.equal((await ask(user, text)).decision, 'no-opinion', text)
    })
  }

  test('what is given or taken away counts from the next request on', async () => {
    const { stores, ask } = await bootstrapped()
    const decisions = async () => (await ask(jane, 'get pods team')).decision
    assert.equal(await decisions(), 'no-opinion')
    const bindings = stores.of({ group: 'rbac.authorization.k8s.io', resource: 'rolebindings' })
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace: 'team', name: 'viewers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: jane.name }],
    }
    await bindings.create(binding, testContext({ stores }))
    assert.equal(await decisions(), 'allow')
    assert.equal((await ask(jane, 'get pods other')).decision, 'no-opinion')
    await stores.of<ClusterRole>(clusterRoles).update(undefined, 'view', role => ({ ...role, rules: [] }), testContext({ stores }))
    assert.equal(await decisions(), 'no-opinion')
  })

  test('admin, edit and view hold what they aggregate', async () => {
    const binding = (role: string) => ({
      metadata: { namespace: 'team', name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'User', name: role }],
    })
    const { ask } = await bootstrapped({ 'rolebindings.rbac.authorization.k8s.io': ['admin', 'edit', 'view'].map(binding) })
    const user = (name: string): UserInfo => ({ name, groups: [] })
    assert.deepEqual(await ask(user('view'), 'get pods/log team/x'), {
      decision: 'allow',
      reason: 'RBAC: allowed by RoleBinding "view/team" of ClusterRole "view" to User "view"',
    })
    for (const text of ['get secrets team/x', 'create pods team']) {
      assert.equal((await ask(user('view'), text)).decision, 'no-opinion')
      assert.equal((await ask(user('edit'), text)).decision, 'allow')
      assert.equal((await ask(user('admin'), text)).decision, 'allow')
    }
    assert.equal((await ask(user('edit'), 'create roles.rbac.authorization.k8s.io team')).decision, 'no-opinion')
    assert.equal((await ask(user('admin'), 'create roles.rbac.authorization.k8s.io team')).decision, 'allow')
    assert.equal((await ask(user('admin'), 'get pods other/x')).decision, 'no-opinion')
  })

  test('start again: taken rules and subjects come back, added ones stay', async () => {
    const { stores } = await bootstrapped()
    const context = testContext({ stores })
    await stores
      .of<ClusterRole>(clusterRoles)
      .update(undefined, 'system:basic-user', role => ({ ...role, rules: [{ verbs: ['x'] }] }), context)
    await stores
      .of<ClusterRoleBinding>(clusterRoleBindings)
      .update(undefined, 'system:discovery', binding => ({ ...binding, subjects: [{ kind: 'User', name: 'bob' }] }), context)
    await stores.of<ClusterRole>(clusterRoles).update(
      undefined,
      'system:discovery',
      role => ({
        ...role,
        rules: [],
        metadata: { ...role.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } },
      }),
      context,
    )
    await reconcileBootstrapPolicy(context)
    assert.equal(stores.of<ClusterRole>(clusterRoles).peek(undefined, 'system:basic-user')!.rules!.length, 4)
    assert.equal(stores.of<ClusterRoleBinding>(clusterRoleBindings).peek(undefined, 'system:discovery')!.subjects!.length, 2)
    assert.deepEqual(stores.of<ClusterRole>(clusterRoles).peek(undefined, 'system:discovery')!.rules, [])
  })

  test('a binding to a role that is not there', async () => {
    const broken = {
      metadata: { name: 'broken' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'gone' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jane' }],
    }
    const { ask } = await bootstrapped({ 'clusterrolebindings.rbac.authorization.k8s.io': [broken] })
    const { reason } = await ask(jane, 'list pods default')
    assert.equal(
      newRefusal(want(jane, 'list pods default'), reason).message,
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default": RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    )
  })
})

describe('nodes', () => {
  const pod = (name: string, nodeName: string, spec: object) => ({
    metadata: { namespace: 'default', name, uid: `${name}-uid` },
    spec: { nodeName, ...spec },
  })
  const objects = {
    pods: [
      pod('web', 'node-1', {
        serviceAccountName: 'web',
        imagePullSecrets: [{ name: 'pull' }],
        containers: [
          { name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'env' } } }], envFrom: [{ configMapRef: { name: 'all' } }] },
        ],
        volumes: [
          { name: 'a', secret: { secretName: 'mounted' } },
          { name: 'b', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } },
          { name: 'c', persistentVolumeClaim: { claimName: 'data' } },
        ],
      }),
      pod('db', 'node-2', { serviceAccountName: 'db', containers: [{ name: 'c', envFrom: [{ secretRef: { name: 'db' } }] }] }),
    ],
  }
  const allows = [
    ...['pull', 'env', 'mounted'].map(name => `get secrets default/${name}`),
    'watch configmaps default/all',
    'get configmaps default/kube-root-ca.crt',
    'get persistentvolumeclaims default/data',
    'create serviceaccounts/token default/web',
    'get nodes /node-1',
    'update leases.coordination.k8s.io kube-node-lease/node-1',
    'get pods default/web',
    'patch pods/status default/web',
    'create events default',
    'list services',
  ]
  const refuses: Record<string, string> = {
    'get secrets default/db': "no relationship found between node 'node-1' and this object",
    'list secrets default': 'No Object name found',
    'list secrets': 'can only read namespaced object of this type',
    'delete secrets default/env': 'can only read resources of this type',
    'create serviceaccounts/token default/db': "no relationship found between node 'node-1' and this object",
    'get serviceaccounts default/web': 'can only create tokens for individual service accounts',
    'get nodes /node-2': "node 'node-1' cannot read 'node-2', only its own Node object",
    'update leases.coordination.k8s.io kube-node-lease/node-2': 'can only access node lease with the same name as the requesting node',
    'update leases.coordination.k8s.io default/node-1': 'can only access leases in the "kube-node-lease" system namespace',
    'get pods default/db': "no relationship found between node 'node-1' and this object",
    'list pods': 'can only list/watch pods with spec.nodeName field selector',
  }
  test('read what their pods name, and their own objects', async () => {
    const { ask } = await bootstrapped(objects)
    for (const text of allows) assert.equal((await ask(node, text)).decision, 'allow', text)
    for (const [text, reason] of Object.entries(refuses)) assert.deepEqual(await ask(node, text), { decision: 'no-opinion', reason }, text)
    assert.equal((await ask(node, 'list pods', { fieldSelector: { 'spec.nodeName': 'node-1' } })).decision, 'allow')
    assert.equal((await ask(node, 'list pods', { fieldSelector: { 'spec.nodeName': 'node-2' } })).decision, 'no-opinion')
  })
})

describe('escalation', () => {
  const bob: UserInfo = { name: 'bob', groups: ['dev', 'system:authenticated'] }
  const held = {
    metadata: { namespace: 'default', name: 'reader' },
    rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }],
  }
  const binding = {
    metadata: { namespace: 'default', name: 'bob' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'User', name: 'bob' }],
  }
  const setUp = async () => {
    const parts = await bootstrapped({ 'roles.rbac.authorization.k8s.io': [held], 'rolebindings.rbac.authorization.k8s.io': [binding] })
    const check = new RBACEscalationCheck(parts.resolver, parts.authorizer)
    const write = async (user: UserInfo, resource: string, object: object, old?: object) =>
      check.validate({
        operation: old === undefined ? 'CREATE' : 'UPDATE',
        object: object as ClusterRole,
        old: old as ClusterRole | undefined,
        context: testContext({ user, stores: parts.stores, resource: { group: 'rbac.authorization.k8s.io', version: 'v1', resource } }),
      })
    return write
  }
  const role = (name: string, ...verbs: string[]) => ({
    metadata: { namespace: 'default', name },
    rules: [{ verbs, apiGroups: [''], resources: ['pods'] }],
  })

  test('roles within what one holds pass, others are refused with what is missing', async () => {
    const write = await setUp()
    await write(bob, 'roles', role('mine', 'get'))
    await write(admin, 'roles', role('any', 'delete'))
    await write(bob, 'roles', role('old', 'delete'), role('old', 'delete'))
    await assert.rejects(write(bob, 'roles', role('more', 'get', 'delete')), (error: unknown) => {
      assert.ok(error instanceof StatusError)
      assert.equal(
        error.message,
        'roles.rbac.authorization.k8s.io "more" is forbidden: user "bob" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}',
      )
      return true
    })
  })

  test('bindings', async () => {
    const write = await setUp()
    const to = (kind: string, name: string) => ({ metadata: { name: 'b' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name } })
    await write(bob, 'rolebindings', to('Role', 'reader'))
    await assert.rejects(
      write(bob, 'rolebindings', to('ClusterRole', 'edit')),
      /is attempting to grant RBAC permissions not currently held/,
    )
    await assert.rejects(write(bob, 'rolebindings', to('Role', 'none')), /role\.rbac\.authorization\.k8s\.io "none" not found/)
  })
})
