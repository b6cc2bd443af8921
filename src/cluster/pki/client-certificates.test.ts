import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { StatusError } from '#apimachinery/status/status.ts'
import { X509Authenticator } from '#apiserver/authentication/x509.ts'
import { UnionAuthenticator } from '#apiserver/authentication/union.ts'
import { ClusterPKI } from './cluster-pki.ts'
import { MemoryPKIFiles } from './files.ts'

const now = Date.now()
const derOf = (pem: string) => new X509Certificate(pem).raw

async function setUp() {
  const pki = new ClusterPKI(new MemoryPKIFiles(), { now })
  const set = await pki.load()
  let time = now
  const authenticator = new X509Authenticator({ clientCA: set.ca, now: () => time })
  const authenticate = async (peerCertificate: Buffer | undefined) => authenticator.authenticate({ headers: {}, peerCertificate })
  const travel = (ms: number) => {
    time += ms
  }
  return { pki, set, authenticate, authenticator, travel }
}

function isUnauthorized(error: unknown): boolean {
  assert.ok(error instanceof StatusError)
  assert.deepEqual([error.code, error.reason, error.message], [401, 'Unauthorized', 'Unauthorized'])
  return true
}

test('client certificate: common name and organizations become user and groups', async () => {
  const { pki, set, authenticate } = await setUp()
  assert.equal(await authenticate(undefined), undefined)
  const admin = (await authenticate(derOf(set.admin.certificate)))!
  assert.equal(admin.name, 'kubernetes-admin')
  assert.deepEqual(admin.groups, ['system:masters', 'system:authenticated'])
  assert.match(admin.extra!['authentication.kubernetes.io/credential-id']![0]!, /^X509SHA256=[0-9a-f]{64}$/)
  const odd = 'CN=x, O=system:masters\nO=y "ü"'
  const user = (await authenticate(derOf((await pki.issueClient(odd, ['b', 'a\nO=system:masters'])).certificate)))!
  assert.deepEqual([user.name, user.groups], [odd, ['b', 'a\nO=system:masters', 'system:authenticated']])
})

test('client certificate: of another authority, of a server, past its end, no certificate → unauthorized', async () => {
  const { set, authenticate, travel } = await setUp()
  const foreign = await setUp()
  await assert.rejects(authenticate(derOf(foreign.set.admin.certificate)), isUnauthorized)
  await assert.rejects(authenticate(derOf(set.apiserver.certificate)), isUnauthorized)
  await assert.rejects(authenticate(Buffer.from('not a certificate')), isUnauthorized)
  const der = derOf(set.admin.certificate)
  await authenticate(der)
  travel(366 * 24 * 3600 * 1000)
  await assert.rejects(authenticate(der), isUnauthorized)
})

test('several ways to authenticate: bad credentials of one kind do not matter when others are good', async () => {
  const { set, authenticator } = await setUp()
  const refusing = { authenticate: () => Promise.reject(new Error('bad token')) }
  const union = new UnionAuthenticator(refusing, authenticator)
  const good = derOf(set.admin.certificate)
  assert.equal((await union.authenticate({ headers: {}, peerCertificate: good }))?.name, 'kubernetes-admin')
  await assert.rejects(async () => union.authenticate({ headers: {}, peerCertificate: undefined }), /bad token/)
})
