import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { buildImage, buildLayer, type OCIImage } from './oci-image.ts'
import { writeLayout } from './oci-layout.ts'
import { type OfflineRegistry, parseRange, startOfflineRegistry } from './offline-registry.ts'

let folder: string
let image: OCIImage
let registry: OfflineRegistry
let closed: OfflineRegistry

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coxswain-registry-'))
  image = buildImage({ architecture: 'amd64', layers: [await buildLayer([{ path: 'hello', content: 'world' }])], config: {} })
  await writeLayout(folder, [{ name: 'docker.io/library/hello:1', image, description: 'a file' }])
  registry = await startOfflineRegistry({ folders: ['/nonexistent', folder], logger: silentLogger })
  closed = await startOfflineRegistry({ folders: [folder], logger: silentLogger, credentials: { username: 'me', password: 'secret' } })
})

after(async () => {
  await registry[Symbol.asyncDispose]()
  await closed[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const ask = (path: string, init?: RequestInit) => fetch(`${registry.url}${path}`, init)

const paths = [
  { path: '/v2/', status: 200 },
  { path: '/v2/library/hello/manifests/1', status: 200 },
  { path: '/v2/library/hello/manifests/1?ns=docker.io', status: 200 },
  { path: '/v2/library/hello/tags/list', status: 200 },
  { path: '/v2/library/hello/manifests/1?ns=quay.io', status: 404, code: 'MANIFEST_UNKNOWN' },
  { path: '/v2/library/hello/manifests/2', status: 404, code: 'MANIFEST_UNKNOWN' },
  { path: '/v2/library/other/tags/list', status: 404, code: 'NAME_UNKNOWN' },
  { path: `/v2/library/hello/blobs/sha256:${'0'.repeat(64)}`, status: 404, code: 'BLOB_UNKNOWN' },
  { path: '/v2/library/hello/blobs/sha256:../../etc/passwd', status: 404, code: 'NOT_FOUND' },
  { path: '/', status: 404, code: 'NOT_FOUND' },
]
for (const { path, status, code } of paths)
  test(`offline registry: GET ${path} → ${status} ${code ?? ''}`, async () => {
    const response = await ask(path)
    assert.equal(response.status, status)
    const body = (await response.json()) as { errors?: { code: string }[] }
    assert.equal(body.errors?.[0]?.code, code)
  })

test('offline registry: manifest by tag and by digest are the same, with digest and type in the headers', async () => {
  const { digest, mediaType } = image.manifest
  for (const reference of ['1', digest]) {
    const response = await ask(`/v2/library/hello/manifests/${reference}`)
    assert.equal(response.headers.get('docker-content-digest'), digest)
    assert.equal(response.headers.get('content-type'), mediaType)
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), image.blobs.get(digest))
  }
})

test('offline registry: HEAD → size without body', async () => {
  const response = await ask('/v2/library/hello/manifests/1', { method: 'HEAD' })
  assert.equal(Number(response.headers.get('content-length')), image.manifest.size)
  assert.equal(await response.text(), '')
})

test('offline registry: part of a blob', async () => {
  const [digest, bytes] = [...image.blobs][0]!
  const response = await ask(`/v2/library/hello/blobs/${digest}`, { headers: { range: 'bytes=1-3' } })
  assert.equal(response.status, 206)
  assert.equal(response.headers.get('content-range'), `bytes 1-3/${bytes.length}`)
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), bytes.subarray(1, 4))
})

test('offline registry: anything but reading → 405', async () =>
  assert.equal((await ask('/v2/a/blobs/uploads/', { method: 'POST' })).status, 405))

const logins = [
  { login: undefined, status: 401 },
  { login: 'me:wrong', status: 401 },
  { login: 'me:secret', status: 200 },
]
for (const { login, status } of logins)
  test(`offline registry with credentials: ${login} → ${status}`, async () => {
    const headers: Record<string, string> = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
    const response = await fetch(`${closed.url}/v2/`, { headers })
    assert.equal(response.status, status)
    assert.equal(response.headers.get('www-authenticate'), status === 401 ? 'Basic realm="Registry"' : null)
  })

const ranges = [
  { header: undefined, want: undefined },
  { header: 'bytes=0-0', want: { first: 0, last: 0 } },
  { header: 'bytes=5-', want: { first: 5, last: 9 } },
  { header: 'bytes=-3', want: { first: 7, last: 9 } },
  { header: 'bytes=-30', want: { first: 0, last: 9 } },
  { header: 'bytes=5-99', want: { first: 5, last: 9 } },
  { header: 'bytes=10-', want: 'unsatisfiable' },
  { header: 'bytes=5-4', want: 'unsatisfiable' },
  { header: 'bytes=-', want: undefined },
  { header: 'bytes=1-2,4-5', want: undefined },
]
for (const { header, want } of ranges) test(`parseRange: ${header} of 10 bytes`, () => assert.deepEqual(parseRange(header, 10), want))
