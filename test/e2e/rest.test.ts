/** MISSION row A11 and the bad input: plain REST without kubectl. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { test } from 'node:test'
import { useCluster } from './cluster.ts'

const pods = '/api/v1/namespaces/default/pods'
/** The body of the tutorial's `curl -X POST`, as it stands there. */
const nginx =
  '{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "nginx", "labels": { "app": "myapp", "type": "front-end" } }, "spec": { "containers": [ { "name": "nginx", "image": "nginx:1.14.2", "ports": [ { "containerPort": 80 } ] } ] } }'

let certificate: { ca: string; cert: string; key: string }
const cluster = useCluster([], ({ kubeconfig }) => {
  // The kubeconfig's lines are `key: base64`.
  const text = readFileSync(kubeconfig, 'utf8')
  const field = (name: string) => Buffer.from(text.match(new RegExp(`${name}: (\\S+)`))![1]!, 'base64').toString()
  certificate = { ca: field('certificate-authority-data'), cert: field('client-certificate-data'), key: field('client-key-data') }
})

interface Answer {
  status: number
  // biome-ignore lint: answers of any shape are looked at
  body: any
}

function send(
  method: string,
  path: string,
  options: { body?: string | Buffer; type?: string; token?: string; anonymous?: boolean } = {},
): Promise<Answer> {
  const { body, type = 'application/json', token, anonymous = token !== undefined } = options
  const { ca, cert, key } = certificate
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `https://127.0.0.1:${cluster.apiPort}${path}`,
      {
        method,
        ca,
        ...(anonymous ? {} : { cert, key }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': type }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        agent: false,
      },
      response => {
        let text = ''
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk
        })
        response.on('end', () => {
          // A watch answers with a line a frame, which is no JSON as a whole.
          const isObject = response.headers['content-type']?.includes('json') && !path.includes('watch=true')
          resolve({ status: response.statusCode!, body: isObject ? JSON.parse(text) : text })
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const status = ({ body }: Answer) => ({ code: body.code, reason: body.reason, message: body.message })

test('POST, GET, PUT, PATCH, DELETE of the tutorial’s Pod', async () => {
  const created = await send('POST', pods, { body: nginx })
  assert.equal(created.status, 201)
  assert.equal(created.body.status.phase, 'Pending')
  // Until the Pod is bound, a PUT of what was read before would take its node away, which is refused.
  await cluster.waitFor('pod/nginx', 'condition=Ready')
  const read = await send('GET', `${pods}/nginx`)
  assert.equal(read.status, 200)
  const put = await send('PUT', `${pods}/nginx`, {
    body: JSON.stringify({ ...read.body, metadata: { ...read.body.metadata, resourceVersion: undefined, labels: { app: 'put' } } }),
  })
  assert.deepEqual([put.status, put.body.metadata.labels], [200, { app: 'put' }])
  for (const [type, body] of [
    ['application/merge-patch+json', '{"metadata":{"labels":{"merge":"1"}}}'],
    ['application/strategic-merge-patch+json', '{"metadata":{"labels":{"strategic":"1"}}}'],
    ['application/json-patch+json', '[{"op":"add","path":"/metadata/labels/json","value":"1"}]'],
  ] as const) {
    assert.equal((await send('PATCH', `${pods}/nginx`, { body, type })).status, 200, type)
  }
  const patched = await send('GET', `${pods}/nginx`)
  assert.deepEqual(patched.body.metadata.labels, { app: 'put', merge: '1', strategic: '1', json: '1' })
  assert.equal((await send('DELETE', `${pods}/nginx`)).status, 200)
  await cluster.waitFor('pod/nginx', 'delete').catch(() => {})
})

test('bad input gets the status code, reason and message of upstream, and the server goes on', async () => {
  const notJSON = await send('POST', pods, { body: '{ this is not JSON' })
  assert.deepEqual([notJSON.status, notJSON.body.reason], [400, 'BadRequest'])

  const unknownField = nginx.replace('"image"', '"imagee": "x", "image"')
  const strict = await send('POST', `${pods}?fieldValidation=Strict`, { body: unknownField })
  assert.deepEqual(status(strict), {
    code: 400,
    reason: 'BadRequest',
    message: 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].imagee"',
  })

  const noContainers = await send('POST', pods, { body: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"empty"},"spec":{}}' })
  assert.deepEqual(status(noContainers), {
    code: 422,
    reason: 'Invalid',
    message: 'Pod "empty" is invalid: spec.containers: Required value',
  })
  assert.deepEqual(noContainers.body.details.causes, [
    { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' },
  ])

  const badName = await send('POST', pods, { body: nginx.replace('"name": "nginx", "labels"', '"name": "Not_A_Name", "labels"') })
  assert.equal(badName.status, 422)
  assert.match(
    badName.body.message,
    /^Pod "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain must consist of/,
  )

  const large = await send('POST', pods, { body: Buffer.alloc((3 << 20) + 1, 0x20) })
  assert.deepEqual([large.status, large.body.reason], [413, 'RequestEntityTooLarge'])
  assert.match(large.body.message, /limit is 3145728/)

  await send('POST', '/api/v1/namespaces/default/configmaps', {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"locked"}}',
  })
  const conflict = await send('PUT', '/api/v1/namespaces/default/configmaps/locked', {
    body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"locked","resourceVersion":"1"}}',
  })
  assert.deepEqual(status(conflict), {
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "locked": the object has been modified; please apply your changes to the latest version and try again',
  })

  const unknownVerb = await send('FROB', pods)
  assert.deepEqual([unknownVerb.status, unknownVerb.body.reason], [405, 'MethodNotAllowed'])
  const noCollectionPut = await send('PUT', pods, { body: nginx })
  assert.deepEqual(status(noCollectionPut), {
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'the server does not allow this method on the requested resource',
  })

  const wrongToken = await send('GET', pods, { token: 'not-a-token' })
  assert.deepEqual(status(wrongToken), { code: 401, reason: 'Unauthorized', message: 'Unauthorized' })
  const anonymous = await send('GET', pods, { anonymous: true })
  assert.deepEqual(status(anonymous), {
    code: 403,
    reason: 'Forbidden',
    message: 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" in the namespace "default"',
  })
  assert.equal((await send('GET', '/healthz', { anonymous: true })).body, 'ok')

  const missing = await send('GET', '/apis/nope/v1/things')
  assert.deepEqual([missing.status, missing.body], [404, '404 page not found\n'])
  assert.equal((await send('GET', '/readyz')).body, 'ok')
})

test('a watch sees a create, and one from a forgotten version gets 410', async () => {
  const { body } = await send('GET', '/api/v1/namespaces/default/configmaps')
  const watching = send(
    'GET',
    `/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=${body.metadata.resourceVersion}&timeoutSeconds=2`,
  )
  await send('POST', '/api/v1/namespaces/default/configmaps', { body: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"seen"}}' })
  assert.match((await watching).body, /"type":"ADDED".*"name":"seen"/)
})
