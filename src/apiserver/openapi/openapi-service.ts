import { createHash } from 'node:crypto'
import { apiVersionOf, type GroupVersionKind } from '#apimachinery/resource/resource-info.ts'
import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { Resource } from '../registry/resource.ts'
import { Definitions, type Descriptions } from './definitions.ts'
import { encodeSwagger } from './gnostic.ts'
import { type Dialect, openAPI3Dialect, swaggerDialect } from './json-schema.ts'
import { openAPI3Document } from './openapi3.ts'
import { type Operation, type PathOperations, pathsOf, type ServedResource, servedResources } from './operations.ts'
import { type SwaggerDocument, swaggerDocument } from './swagger.ts'

export interface OpenAPIOptions {
  resources: Iterable<Resource>
  schemas: SchemaRegistry
  descriptions: Descriptions
  /** Of the program: `v1.36.0`. */
  version: string
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Bytes to answer with, made once. */
export class StaticAnswer {
  readonly contentType: string
  readonly bytes: Buffer
  /** SHA-512 of the bytes, hexadecimal in upper case. */
  readonly hash: string

  constructor(contentType: string, bytes: Buffer) {
    this.contentType = contentType
    this.bytes = bytes
    this.hash = createHash('sha512').update(bytes).digest('hex').toUpperCase()
  }
}

/** The API described for clients: OpenAPI 2 as one document, OpenAPI 3 by group and version. Each is built when first asked for. */
export class OpenAPIService {
  readonly #options: OpenAPIOptions
  #served: ServedResource[] | undefined
  #swagger: SwaggerDocument | undefined
  #swaggerJSON: StaticAnswer | undefined
  #swaggerProtobuf: StaticAnswer | undefined
  readonly #groupVersions = new Map<string, StaticAnswer>()

  constructor(options: OpenAPIOptions) {
    this.#options = options
  }

  /** Forgets what was built: the resources changed. */
  invalidate(): void {
    this.#served = undefined
    this.#swagger = undefined
    this.#swaggerJSON = undefined
    this.#swaggerProtobuf = undefined
    this.#groupVersions.clear()
  }

  swaggerJSON(): StaticAnswer {
    this.#swaggerJSON ??= new StaticAnswer('application/json', Buffer.from(JSON.stringify(this.#swaggerDocument())))
    return this.#swaggerJSON
  }

  swaggerProtobuf(): StaticAnswer {
    const contentType = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
    this.#swaggerProtobuf ??= new StaticAnswer(contentType, encodeSwagger(this.#swaggerDocument()))
    return this.#swaggerProtobuf
  }

  /** What `/openapi/v3` lists: `api/v1`, `apis/rbac.authorization.k8s.io/v1`. */
  groupVersionPaths(): string[] {
    return [...new Set(this.#resources().map(pathOfGroupVersion))].sort()
  }

  /** The document of one such path; undefined when there is none. */
  groupVersion(path: string): StaticAnswer | undefined {
    let answer = this.#groupVersions.get(path)
    if (answer !== undefined) return answer
    const served = this.#resources().filter(resource => pathOfGroupVersion(resource) === path)
    if (served.length === 0) return undefined
    const document = openAPI3Document(served.flatMap(pathsOf), this.#definitions(openAPI3Dialect), this.#options.version)
    answer = new StaticAnswer('application/json', Buffer.from(JSON.stringify(document)))
    this.#groupVersions.set(path, answer)
    return answer
  }

  #resources(): ServedResource[] {
    this.#served ??= servedResources(this.#options.resources)
    return this.#served
  }

  #swaggerDocument(): SwaggerDocument {
    this.#swagger ??= swaggerDocument(swaggerPaths(this.#resources()), this.#definitions(swaggerDialect), this.#options.version)
    return this.#swagger
  }

  #definitions(dialect: Dialect): Definitions {
    const { schemas, descriptions } = this.#options
    return new Definitions({ schemas, descriptions, dialect, kinds: kindsOf(this.#resources()) })
  }
}

function pathOfGroupVersion({ info: { group, version } }: ServedResource): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`
}

/**
 * For a kind that it finds in no document, kubectl looks in OpenAPI 2 whether Namespaces can be patched with fieldValidation: if so, custom
 * resources can too, and it lists their definitions, without which it does not go on. A server without custom resources does not say it.
 */
function swaggerPaths(served: readonly ServedResource[]): PathOperations[] {
  const paths = served.flatMap(pathsOf)
  if (served.some(({ info }) => info.resource === 'customresourcedefinitions')) return paths
  return paths.map(path => ({ ...path, operations: path.operations.map(withoutNamespaceValidation) }))
}

function withoutNamespaceValidation(operation: Operation): Operation {
  const { method, gvk, parameters } = operation
  if (method !== 'patch' || gvk.group !== '' || gvk.kind !== 'Namespace') return operation
  return { ...operation, parameters: parameters.filter(({ name }) => name !== 'fieldValidation') }
}

/** Which definitions are objects, and of which kinds. */
function kindsOf(served: readonly ServedResource[]): Map<string, GroupVersionKind[]> {
  const kinds = new Map<string, GroupVersionKind[]>()
  const add = (definition: string, gvk: GroupVersionKind) => {
    const known = kinds.get(definition) ?? []
    if (!known.some(other => apiVersionOf(other) === apiVersionOf(gvk) && other.kind === gvk.kind)) known.push(gvk)
    kinds.set(definition, known)
  }
  add(`${meta}.Status`, { group: '', version: 'v1', kind: 'Status' })
  for (const { resource, info } of served) {
    const { group, version, kind, schema } = info
    add(schema, { group, version, kind })
    add(`${schema}List`, { group, version, kind: `${kind}List` })
    add(`${meta}.DeleteOptions`, { group, version, kind: 'DeleteOptions' })
    for (const subresource of Object.values(resource.subresources ?? {})) {
      if (subresource.type === 'create') add(subresource.schema, subresource.kind)
    }
  }
  return kinds
}
