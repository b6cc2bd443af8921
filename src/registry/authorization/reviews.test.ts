import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import { TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import { RBACAuthorizer } from '#apiserver/authorization/rbac/rbac-authorizer.ts'
import { RuleResolver } from '#apiserver/authorization/rbac/rule-resolver.ts'
import type { RequestContext, Resource } from '#apiserver/registry/resource.ts'
import { ObjectStores, testContext } from '#apiserver/testing/object-stores.ts'
import { VirtualClock } from '#base/clock.ts'
import { selfSubjectReviewsResource, tokenReviewsResource } from '../authentication/index.ts'
import { accessReviewResources } from './index.ts'

const rbac = 'rbac.authorization.k8s.io'
const role = { metadata: { namespace: 'default', name: 'reader' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }
const binding = {
  metadata: { namespace: 'default', name: 'jane' },
  roleRef: { apiGroup: rbac, kind: 'Role', name: 'reader' },
  subjects: [{ kind: 'User', name: 'jane' }],
}
const stores = new ObjectStores({ [`roles.${rbac}`]: [role], [`rolebindings.${rbac}`]: [binding] })
const resolver = new RuleResolver(stores)
const resources = new Map(
  accessReviewResources(new RBACAuthorizer(resolver), resolver).map(resource => [resource.info.kind, resource as Resource]),
)

async function ask(kind: string, spec: object, context: Partial<RequestContext> = {}, metadata: object = {}): Promise<unknown> {
  const object = { apiVersion: 'authorization.k8s.io/v1', kind, metadata, spec } as unknown as KubeObject
  const jane = { name: 'jane', groups: ['system:authenticated'] }
  const answer = await resources.get(kind)!.onCreate!(object, testContext({ user: jane, namespace: undefined, ...context }))
  return (answer as unknown as { status: unknown }).status
}

const getPods = { verb: 'get', resource: 'pods', namespace: 'default' }
const allowed = { allowed: true, reason: 'RBAC: allowed by RoleBinding "jane/default" of Role "reader" to User "jane"' }

describe('access reviews', () => {
  test('may this user', async () => {
    assert.deepEqual(await ask('SelfSubjectAccessReview', { resourceAttributes: getPods }), allowed)
    assert.deepEqual(await ask('SelfSubjectAccessReview', { resourceAttributes: { ...getPods, verb: 'list' } }), { allowed: false })
    assert.deepEqual(await ask('SelfSubjectAccessReview', { nonResourceAttributes: { verb: 'get', path: '/x' } }), { allowed: false })
    assert.deepEqual(await ask('SubjectAccessReview', { resourceAttributes: getPods, user: 'jane' }), allowed)
    assert.deepEqual(await ask('SubjectAccessReview', { resourceAttributes: getPods, groups: ['x'] }), { allowed: false })
    const local = { resourceAttributes: getPods, user: 'jane' }
    assert.deepEqual(await ask('LocalSubjectAccessReview', local, { namespace: 'default' }, { namespace: 'default' }), allowed)
    assert.deepEqual(await ask('SelfSubjectRulesReview', { namespace: 'default' }), {
      resourceRules: role.rules,
      nonResourceRules: [],
      incomplete: false,
    })
  })

  const refusals: { kind: string; spec: object; metadata?: object; message: string }[] = [
    {
      kind: 'SelfSubjectAccessReview',
      spec: {},
      message:
        'SelfSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    },
    {
      kind: 'SubjectAccessReview',
      spec: { resourceAttributes: getPods },
      message:
        'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    },
    {
      kind: 'LocalSubjectAccessReview',
      spec: { resourceAttributes: getPods, user: 'jane' },
      metadata: { namespace: 'other' },
      message:
        'LocalSubjectAccessReview.authorization.k8s.io "" is invalid: spec.resourceAttributes.namespace: Invalid value: "default": must match metadata.namespace',
    },
    { kind: 'SelfSubjectRulesReview', spec: {}, message: 'no namespace on request' },
  ]
  for (const { kind, spec, metadata, message } of refusals) {
    test(`refused: ${message}`, async () => {
      await assert.rejects(ask(kind, spec, { namespace: 'other' }, metadata), (error: unknown) => {
        assert.ok(error instanceof StatusError)
        assert.equal(error.message, message)
        return true
      })
    })
  }
})

test('who am I, and whose token is that', async () => {
  const clock = new VirtualClock()
  const account = { metadata: { namespace: 'default', name: 'default', uid: 'u' } }
  const accounts = new ObjectStores({ serviceaccounts: [account] })
  const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const issuer = new TokenIssuer({ signingKey, clock, stores: accounts })
  const { token } = await issuer.issue({ namespace: 'default', serviceAccount: { name: 'default', uid: 'u' }, expirationSeconds: 600 })
  const review = async (spec: object) => {
    const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec }
    const answer = await tokenReviewsResource(issuer).onCreate!(object as never, testContext({ namespace: undefined }))
    return (answer as unknown as { status: { authenticated?: boolean; user: { username?: string }; audiences?: string[]; error?: string } })
      .status
  }
  const good = await review({ token })
  assert.equal(good.authenticated, true)
  assert.equal(good.user.username, 'system:serviceaccount:default:default')
  assert.deepEqual(good.audiences, ['https://kubernetes.default.svc.cluster.local'])
  assert.deepEqual(await review({ token: 'x.y.z' }), { user: {}, error: 'invalid bearer token' })
  assert.equal((await review({ token, audiences: ['vault'] })).authenticated, undefined)
  await assert.rejects(review({}), /token is required for TokenReview in authentication/)

  const self = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview', metadata: {} }
  const user = { name: 'jane', uid: '7', groups: ['a'], extra: { k: ['v'] } }
  const answer = await selfSubjectReviewsResource.onCreate!(self as never, testContext({ user, clock }))
  assert.deepEqual(answer, {
    ...self,
    metadata: { creationTimestamp: '2026-01-01T00:00:00Z' },
    status: { userInfo: { username: 'jane', uid: '7', groups: ['a'], extra: { k: ['v'] } } },
  })
})
