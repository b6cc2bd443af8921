import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import type { StoreLookup } from '../../registry/resource.ts'
import { ObjectStores, testContext } from '../../testing/object-stores.ts'
import { BearerTokenAuthenticator } from '../bearer-token.ts'
import { TokenIssuer } from './token-issuer.ts'
import { createToken } from './token-request.ts'

const pem = { type: 'pkcs8', format: 'pem' } as const
const ecKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem) as string
const rsaKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pem) as string

function objects(): Record<string, { metadata: object; [field: string]: unknown }[]> {
  return {
    serviceaccounts: [{ metadata: { namespace: 'default', name: 'default', uid: 'sa-uid' } }],
    pods: [
      { metadata: { namespace: 'default', name: 'web', uid: 'pod-uid' }, spec: { serviceAccountName: 'default', nodeName: 'node-1' } },
      { metadata: { namespace: 'default', name: 'other', uid: 'other-uid' }, spec: { serviceAccountName: 'builder' } },
    ],
    nodes: [{ metadata: { name: 'node-1', uid: 'node-uid' } }],
  }
}

function setUp(signingKey = ecKey, stores: StoreLookup = new ObjectStores(objects())) {
  const clock = new VirtualClock()
  const issuer = new TokenIssuer({ signingKey, clock, stores })
  const context = testContext({ clock, stores })
  const request = (spec: Partial<TokenRequest['spec']>, metadata = {}) =>
    createToken(
      issuer,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec } as TokenRequest,
      'default',
      context,
    )
  const podToken = () =>
    request({ expirationSeconds: 3607, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'pod-uid' } })
  return { clock, issuer, stores, request, podToken }
}

describe('service-account tokens', () => {
  for (const [algorithm, key] of Object.entries({ ES256: ecKey, RS256: rsaKey })) {
    test(`${algorithm}: what was issued is verified, with upstream's claims`, async () => {
      const { issuer, podToken } = setUp(key)
      const { status } = await podToken()
      assert.equal(status!.expirationTimestamp, '2026-01-01T01:00:07Z')
      const { user, audiences, claims } = issuer.verify(status!.token!)
      const { jti, ...rest } = claims
      const now = Date.UTC(2026, 0, 1) / 1000
      assert.deepEqual(rest, {
        aud: ['https://kubernetes.default.svc.cluster.local'],
        exp: now + 365 * 24 * 3600,
        iat: now,
        iss: 'https://kubernetes.default.svc.cluster.local',
        'kubernetes.io': {
          namespace: 'default',
          node: { name: 'node-1', uid: 'node-uid' },
          pod: { name: 'web', uid: 'pod-uid' },
          serviceaccount: { name: 'default', uid: 'sa-uid' },
          warnafter: now + 3607,
        },
        nbf: now,
        sub: 'system:serviceaccount:default:default',
      })
      assert.deepEqual(audiences, ['https://kubernetes.default.svc.cluster.local'])
      assert.deepEqual(user, {
        name: 'system:serviceaccount:default:default',
        uid: 'sa-uid',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
        extra: {
          'authentication.kubernetes.io/credential-id': [`JTI=${jti}`],
          'authentication.kubernetes.io/node-name': ['node-1'],
          'authentication.kubernetes.io/node-uid': ['node-uid'],
          'authentication.kubernetes.io/pod-name': ['web'],
          'authentication.kubernetes.io/pod-uid': ['pod-uid'],
        },
      })
      const [jwk] = issuer.jsonWebKeySet().keys
      assert.equal(jwk!['alg'], algorithm)
      assert.equal(jwk!['d'], undefined)
    })
  }

  const refusals: { name: string; spec: Partial<TokenRequest['spec']>; metadata?: object; code: number; message: RegExp }[] = [
    {
      name: 'too short a life',
      spec: { expirationSeconds: 599 },
      code: 422,
      message:
        /^TokenRequest\.authentication\.k8s\.io "" is invalid: spec\.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes$/,
    },
    {
      name: 'too long a life',
      spec: { expirationSeconds: 2 ** 32 + 1 },
      code: 422,
      message: /may not specify a duration larger than 2\^32 seconds/,
    },
    { name: 'another name', spec: {}, metadata: { name: 'x' }, code: 422, message: /must match the service account name if specified/ },
    {
      name: 'unknown pod',
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'no' } },
      code: 404,
      message: /^pods "no" not found$/,
    },
    {
      name: 'pod of another account',
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'other' } },
      code: 400,
      message: /^cannot bind token for serviceaccount "default" to pod running with different serviceaccount name\.$/,
    },
    {
      name: 'pod with another uid',
      spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'old' } },
      code: 409,
      message: /the UID in the bound object reference \(old\) does not match the UID in record/,
    },
    {
      name: 'what tokens are not bound to',
      spec: { boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } },
      code: 400,
      message: /^cannot bind token to object of type \/v1, Kind=ConfigMap$/,
    },
  ]
  for (const { name, spec, metadata, code, message } of refusals) {
    test(`token request: ${name} → ${code}`, async () => {
      await assert.rejects(setUp().request(spec, metadata), (error: unknown) => {
        assert.ok(error instanceof StatusError)
        assert.equal(error.code, code)
        assert.match(error.message, message)
        return true
      })
    })
  }

  test('other audience: refused by the API server, good for that audience', async () => {
    const { issuer, request } = setUp()
    const { status } = await request({ audiences: ['vault'] })
    assert.throws(() => issuer.verify(status!.token!), /token audiences \["vault"\] is invalid for the target audiences \["https:/)
    assert.deepEqual(issuer.verify(status!.token!, ['vault', 'x']).audiences, ['vault'])
  })

  test('time passes → expired', async () => {
    const { issuer, request, clock } = setUp()
    const { status } = await request({ expirationSeconds: 600 })
    await clock.advance(599_000)
    issuer.verify(status!.token!)
    await clock.advance(2_000)
    assert.throws(() => issuer.verify(status!.token!), /service account token has expired/)
  })

  const losses: { name: string; lose(stores: StoreLookup): Promise<unknown>; message: RegExp }[] = [
    {
      name: 'pod deleted',
      lose: stores => stores.of({ group: '', resource: 'pods' }).delete('default', 'web', {}, testContext()),
      message: /service account token has been invalidated/,
    },
    {
      name: 'pod made again under the same name',
      lose: stores =>
        stores
          .of({ group: '', resource: 'pods' })
          .update('default', 'web', pod => ({ ...pod, metadata: { ...pod.metadata, uid: 'new' } }), testContext()),
      message: /pod UID \(new\) does not match service account pod ref claim \(pod-uid\)/,
    },
    {
      name: 'account deleted',
      lose: stores => stores.of({ group: '', resource: 'serviceaccounts' }).delete('default', 'default', {}, testContext()),
      message: /serviceaccounts "default" not found/,
    },
  ]
  for (const { name, lose, message } of losses) {
    test(`${name} → its token is bad`, async () => {
      const { issuer, stores, podToken } = setUp()
      const token = (await podToken()).status!.token!
      issuer.verify(token)
      await lose(stores)
      assert.throws(() => issuer.verify(token), message)
    })
  }

  test('authenticator: headers and bad tokens', async () => {
    const { issuer, podToken } = setUp()
    const token = (await podToken()).status!.token!
    const authenticator = new BearerTokenAuthenticator(issuer)
    const nameOf = async (headers: Record<string, string>) => {
      const user = await Promise.resolve(authenticator.authenticate({ headers, peerCertificate: undefined }))
      return user?.name
    }
    const name = 'system:serviceaccount:default:default'
    assert.equal(await nameOf({}), undefined)
    assert.equal(await nameOf({ authorization: 'Basic abc' }), undefined)
    assert.equal(await nameOf({ authorization: `bearer ${token}` }), name)
    const subprotocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`
    assert.equal(await nameOf({ 'sec-websocket-protocol': `v5.channel.k8s.io, ${subprotocol}` }), name)
    const foreign = (await setUp(rsaKey).podToken()).status!.token!
    const [head, body, signature] = token.split('.')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const bad = [
      'x',
      'a.b.c',
      foreign,
      `${head}.${body}.`,
      `${none}.${body}.`,
      `${head}.${body}.${signature}.`,
      `${head}.e30.${signature}`,
      'é.\0.{',
    ]
    for (const wrong of bad) {
      await assert.rejects(nameOf({ authorization: `Bearer ${wrong}` }), (error: unknown) => {
        assert.ok(error instanceof StatusError)
        assert.deepEqual([error.code, error.reason, error.message], [401, 'Unauthorized', 'Unauthorized'])
        return true
      })
    }
  })
})
