import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configMaps, endpoints, events, namespaces, nodes, pods, secrets, serviceAccounts, services } from '#api/core/v1/resources.ts'
import { descriptions } from '#api/descriptions.ts'
import { clusterRoles } from '#api/rbac/v1/resources.ts'
import { schemaRegistry } from '#api/schemas.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import type { PathHandler } from '../path-handler.ts'
import type { Resource, Strategy } from '../registry/resource.ts'
import type { APIRequest } from '../request/api-request.ts'
import type { APIResponse, ValueBody } from '../request/api-response.ts'
import { encodeSwagger } from './gnostic.ts'
import type { JSONSchema } from './json-schema.ts'
import { openAPIHandlers } from './openapi-handlers.ts'
import { OpenAPIService } from './openapi-service.ts'
import type { SwaggerDocument, SwaggerOperation } from './swagger.ts'

const strategy: Strategy = { validateCreate: () => [], validateUpdate: () => [] }
const resources: Resource[] = [
  {
    info: pods,
    strategy,
    columns: [],
    subresources: {
      status: { type: 'update', strategy: strategy as Strategy<never> },
      exec: {
        type: 'connect',
        methods: ['GET', 'POST'],
        kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
        connect: async () => {},
      },
    },
  },
  { info: clusterRoles, strategy, columns: [], verbs: ['get', 'list'] },
  { info: namespaces, strategy, columns: [] },
]

function newService(): OpenAPIService {
  return new OpenAPIService({ resources, schemas: schemaRegistry, descriptions, version: 'v1.36.0' })
}

const handlers = openAPIHandlers(newService())

async function get(path: string, headers: Record<string, string> = {}): Promise<APIResponse & { body: ValueBody }> {
  const [plain = '', query = ''] = path.split('?')
  const handler = handlers.find((candidate: PathHandler) => candidate.path === plain || plain.startsWith(`${candidate.path}/`))!
  const request = { method: 'GET', path: plain, query, headers } as unknown as APIRequest
  return (await handler.handle(request, { name: 'x', groups: [] })) as APIResponse & { body: ValueBody }
}

const swagger = JSON.parse(newService().swaggerJSON().bytes.toString()) as SwaggerDocument

describe('OpenAPI 2', () => {
  const pod = swagger.definitions['io.k8s.api.core.v1.Pod']!
  const property = (definition: string, name: string): JSONSchema => swagger.definitions[definition]!.properties![name]!
  const spec = 'io.k8s.api.core.v1.PodSpec'

  test('definitions: kinds, references, merge keys, scalars', () => {
    assert.deepEqual(pod['x-kubernetes-group-version-kind'], [{ group: '', kind: 'Pod', version: 'v1' }])
    assert.equal(pod.properties!['spec']!.$ref, `#/definitions/${spec}`)
    assert.deepEqual(Object.keys(pod.properties!), ['apiVersion', 'kind', 'metadata', 'spec', 'status'])
    const containers = property(spec, 'containers')
    assert.equal(containers['x-kubernetes-patch-merge-key'], 'name')
    assert.equal(containers['x-kubernetes-patch-strategy'], 'merge')
    assert.deepEqual(containers['x-kubernetes-list-map-keys'], ['name'])
    assert.equal(containers['x-kubernetes-list-type'], 'map')
    assert.deepEqual(swagger.definitions[spec]!.required, ['containers'])
    assert.equal(property('io.k8s.api.core.v1.ContainerPort', 'protocol').default, 'TCP')
    assert.deepEqual(property('io.k8s.api.core.v1.ResourceRequirements', 'limits').additionalProperties, {
      $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity',
    })
    assert.equal(swagger.definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']!.format, 'int-or-string')
    assert.equal(swagger.definitions['io.k8s.apimachinery.pkg.apis.meta.v1.Time']!.format, 'date-time')
  })

  test('nothing refers to a definition that is not there', () => {
    const text = JSON.stringify(swagger)
    for (const [, name] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) assert.ok(swagger.definitions[name!], name)
  })

  test('kubectl is not sent to look for custom resources, which are not served', () => {
    const names = (path: string) => (swagger.paths[path]!['patch'] as SwaggerOperation).parameters?.map(({ name }) => name)
    assert.ok(names('/api/v1/namespaces/{namespace}/pods/{name}')?.includes('fieldValidation'))
    assert.ok(!names('/api/v1/namespaces/{name}')?.includes('fieldValidation'))
  })

  test('paths: operations with what kubectl asks them', () => {
    const path = swagger.paths['/api/v1/namespaces/{namespace}/pods/{name}']!
    const patch = path['patch'] as SwaggerOperation
    assert.equal(patch.operationId, 'patchCoreV1NamespacedPod')
    assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: '', kind: 'Pod', version: 'v1' })
    assert.deepEqual(
      patch.parameters!.map(({ name }) => name),
      ['body', 'dryRun', 'fieldManager', 'fieldValidation', 'force'],
    )
    const idOf = (url: string, method: string) => (swagger.paths[url]?.[method] as SwaggerOperation | undefined)?.operationId
    assert.equal(idOf('/api/v1/pods', 'get'), 'listCoreV1PodForAllNamespaces')
    assert.equal(idOf('/api/v1/namespaces/{namespace}/pods', 'delete'), 'deleteCoreV1CollectionNamespacedPod')
    assert.equal(idOf('/api/v1/namespaces/{namespace}/pods/{name}/status', 'put'), 'replaceCoreV1NamespacedPodStatus')
    assert.equal(idOf('/api/v1/namespaces/{namespace}/pods/{name}/exec', 'post'), 'connectCoreV1PostNamespacedPodExec')
    assert.equal(idOf('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'get'), 'listRbacAuthorizationV1ClusterRole')
    assert.equal(idOf('/apis/rbac.authorization.k8s.io/v1/clusterroles', 'post'), undefined)
    const ids = Object.values(swagger.paths).flatMap(item =>
      Object.values(item).map(operation => (operation as SwaggerOperation).operationId),
    )
    const given = ids.filter(id => id !== undefined)
    assert.equal(new Set(given).size, given.length)
  })

  test('protobuf: field numbers of gnostic', () => {
    const small: SwaggerDocument = {
      swagger: '2.0',
      info: { title: 'T', version: 'v' },
      paths: {},
      definitions: { A: { type: 'object', required: ['b'], properties: { b: { type: 'string' } }, 'x-k': ['m'] } },
    }
    const length = (bytes: number[]) => [bytes.length, ...bytes]
    const text = (tag: number[], value: string) => [...tag, ...length([...Buffer.from(value)])]
    const message = (tag: number[], ...parts: number[][]) => [...tag, ...length(parts.flat())]
    const type = (name: string) => message([0xb2, 0x01], text([0x0a], name)) // 22: TypeItem { value }
    const schema = [
      text([0x9a, 0x01], 'b'), // 19: required
      type('object'),
      message([0xca, 0x01], message([0x0a], text([0x0a], 'b'), message([0x12], type('string')))), // 25: Properties { NamedSchema }
      message([0xfa, 0x01], text([0x0a], 'x-k'), message([0x12], text([0x12], '["m"]'))), // 31: NamedAny { Any { yaml } }
    ]
    assert.deepEqual(
      [...encodeSwagger(small)],
      [
        ...text([0x0a], '2.0'),
        ...message([0x12], text([0x0a], 'T'), text([0x12], 'v')),
        ...message([0x42]),
        ...message([0x4a], message([0x0a], text([0x0a], 'A'), message([0x12], ...schema))),
      ],
    )
  })

  test('media types', async () => {
    const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
    const typeFor = async (accept?: string) => (await get('/openapi/v2', accept === undefined ? {} : { accept })).body.contentType
    assert.equal(await typeFor(), 'application/json')
    assert.equal(await typeFor('*/*'), 'application/json')
    assert.equal(await typeFor('application/com.github.proto-openapi.spec.v2@v1.0+protobuf'), protobuf)
    assert.equal(await typeFor(`${protobuf}, application/json;q=0.5`), protobuf)
    assert.equal(await typeFor(`${protobuf};q=0.5, application/json`), 'application/json')
    await assert.rejects(
      get('/openapi/v2', { accept: 'text/html' }),
      (error: unknown) => error instanceof StatusError && error.code === 406,
    )
  })
})

describe('OpenAPI 3', () => {
  test('index, documents, hashes', async () => {
    const index = (await get('/openapi/v3')).body.value() as { paths: Record<string, { serverRelativeURL: string }> }
    assert.deepEqual(Object.keys(index.paths), ['api/v1', 'apis/rbac.authorization.k8s.io/v1'])
    const url = index.paths['api/v1']!.serverRelativeURL
    assert.match(url, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{128}$/)
    const answer = await get(url)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers!['cache-control'], 'public, immutable')
    assert.equal((await get('/openapi/v3/api/v1', { 'if-none-match': answer.headers!['etag']! })).status, 304)
    const stale = await get('/openapi/v3/api/v1?hash=OLD')
    assert.deepEqual([stale.status, stale.headers!['location']], [301, url])
    assert.equal((await get('/openapi/v3/apis/nope/v1')).status, 404)
  })

  test('documents hold their own schemas', async () => {
    const document = (await get('/openapi/v3/api/v1')).body.value() as {
      paths: Record<string, unknown>
      components: { schemas: Record<string, JSONSchema> }
    }
    const { schemas } = document.components
    assert.ok(Object.keys(document.paths).every(path => path.startsWith('/api/v1/')))
    for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(schemas[name!], name)
    assert.deepEqual(schemas['io.k8s.api.core.v1.Pod']!.properties!['spec'], {
      description: 'What is wanted.',
      allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
    })
    assert.deepEqual(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity']!.oneOf, [{ type: 'string' }, { type: 'number' }])
    assert.equal(schemas['io.k8s.api.rbac.v1.ClusterRole'], undefined)
  })
})

test('descriptions: every field of the core kinds has one, of its own or of its type', () => {
  const infos = [pods, namespaces, nodes, services, configMaps, secrets, serviceAccounts, events, endpoints]
  const all = infos.map((info): Resource => ({ info, strategy, columns: [] }))
  const service = new OpenAPIService({ resources: all, schemas: schemaRegistry, descriptions, version: 'v1.36.0' })
  const { definitions } = JSON.parse(service.swaggerJSON().bytes.toString()) as SwaggerDocument
  const words = (schema: JSONSchema) => schema.description ?? definitions[schema.$ref?.replace('#/definitions/', '') ?? '']?.description
  const missing = Object.entries(definitions).flatMap(([name, { properties = {} }]) =>
    Object.keys(properties)
      .filter(field => words(properties[field]!) === undefined)
      .map(field => `${name}.${field}`),
  )
  assert.deepEqual(missing, [])
})

test('descriptions: only of what there is', () => {
  for (const [name, { fields = {} }] of Object.entries(descriptions)) {
    const message = schemaRegistry.get(name)
    assert.ok(message, name)
    for (const field of Object.keys(fields)) assert.ok(message.fields[field], `${name}.${field}`)
  }
})
