import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaRegistry } from '#api/schemas.ts'
import { decodeProtobuf, decodeWatchEvent, encodeProtobuf } from '#apimachinery/codec/protobuf.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Resource } from '../registry/resource.ts'
import type { WatchBody } from '../request/api-response.ts'
import { WritableReceiver } from '../http/writable-receiver.ts'
import { PassThrough } from 'node:stream'
import { startTestServer } from '../testing/test-server.ts'

const mediaType = 'application/vnd.kubernetes.protobuf'
const path = '/api/v1/namespaces/default/configmaps'

const configMaps: Resource = {
  info: {
    group: '',
    version: 'v1',
    kind: 'ConfigMap',
    resource: 'configmaps',
    singular: 'configmap',
    namespaced: true,
    schema: 'io.k8s.api.core.v1.ConfigMap',
  },
  strategy: { validateCreate: () => [], validateUpdate: () => [] },
  columns: [],
}

const optionsOf = (kind: string, name = `io.k8s.api.core.v1.${kind}`) => ({
  schema: schemaRegistry.get(name)!,
  registry: schemaRegistry,
  apiVersion: 'v1',
  kind,
})

async function startServer() {
  const server = await startTestServer({ resources: [configMaps], server: { schemas: schemaRegistry } })
  const send = async (method: string, target: string, body?: Buffer) => {
    const [pathname = '', query = ''] = target.split('?')
    return server.server.handle({
      method,
      path: pathname,
      query,
      headers: { accept: `${mediaType},application/json`, 'content-type': mediaType },
      peerCertificate: () => undefined,
      readBody: async () => body ?? Buffer.alloc(0),
      signal: new AbortController().signal,
    })
  }
  const bytesOf = async (answer: ReturnType<typeof send>) => {
    const { body } = await answer
    assert.ok(body.type === 'value')
    assert.equal(body.contentType, mediaType)
    return body.bytes()
  }
  return { server, send, bytesOf, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

test('protobuf: create, list, watch and delete', async () => {
  await using started = await startServer()
  const { send, bytesOf } = started
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'value' } }
  const created = decodeProtobuf<KubeObject & { data: object }>(
    await bytesOf(send('POST', path, encodeProtobuf(object, optionsOf('ConfigMap')))),
    optionsOf('ConfigMap'),
  )
  assert.deepEqual([created.metadata.resourceVersion, created.data], ['1', { key: 'value' }])
  const list = decodeProtobuf<{ items: KubeObject[] }>(await bytesOf(send('GET', path)), optionsOf('ConfigMapList'))
  assert.equal(list.items[0]!.metadata.uid, created.metadata.uid)
  const watch = (await send('GET', `${path}?watch=1`)).body as WatchBody
  assert.equal(watch.contentType, `${mediaType};stream=watch`)
  const out = new PassThrough()
  const active = watch.start(new WritableReceiver(out, watch))
  const frame = out.read() as Buffer
  assert.equal(frame.readUInt32BE(0), frame.length - 4)
  const event = decodeWatchEvent(frame.subarray(4))
  assert.equal(event.type, 'ADDED')
  assert.equal(decodeProtobuf<KubeObject>(event.object, optionsOf('ConfigMap')).metadata.name, 'a')
  active.end()
  const status = optionsOf('Status', 'io.k8s.apimachinery.pkg.apis.meta.v1.Status')
  const wish = optionsOf('DeleteOptions', 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions')
  const options = encodeProtobuf({ apiVersion: 'v1', kind: 'DeleteOptions' }, wish)
  assert.equal(decodeProtobuf<{ status: string }>(await bytesOf(send('DELETE', `${path}/a`, options)), status).status, 'Success')
})
