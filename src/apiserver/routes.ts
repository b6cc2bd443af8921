import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { Clock } from '#base/clock.ts'
import { type Encoding, jsonEncoding } from './endpoints/forms/encoding.ts'
import { Form, ServedForm } from './endpoints/forms/form.ts'
import { partialShape } from './endpoints/forms/partial-shape.ts'
import { ObjectShape, type Shape } from './endpoints/forms/shape.ts'
import { type IncludeObject, TableShape } from './endpoints/forms/table-shape.ts'
import type { Accepted } from './endpoints/negotiation.ts'
import type { Column, OtherVersion, Resource } from './registry/resource.ts'
import type { ResourceStore } from './registry/resource-store.ts'

/** One resource in one version, ready to be served. */
export class Route {
  readonly resource: Resource
  /** Of this version. */
  readonly info: ResourceInfo
  readonly apiVersion: string
  readonly schema: MessageSchema | undefined
  /** Undefined for resources that are not stored. */
  readonly store: ResourceStore | undefined
  readonly #other: OtherVersion | undefined
  readonly #clock: Clock
  readonly #encodings: EncodingChoice
  readonly #forms = new Map<string, Form>()

  constructor(options: {
    resource: Resource
    other: OtherVersion | undefined
    store: ResourceStore | undefined
    schemas: SchemaRegistry
    clock: Clock
    encodings: EncodingChoice
  }) {
    this.resource = options.resource
    this.info = options.other?.info ?? options.resource.info
    this.apiVersion = apiVersionOf(this.info)
    this.schema = options.schemas.get(this.info.schema)
    this.store = options.store
    this.#other = options.other
    this.#clock = options.clock
    this.#encodings = options.encodings
  }

  /** The stored version of an object of this version. */
  toStorage(object: KubeObject): KubeObject {
    return this.#other === undefined ? object : this.#other.toStorage(object)
  }

  /** An object of this version out of the stored one. */
  fromStorage(object: KubeObject): KubeObject {
    return this.#other === undefined ? object : this.#other.fromStorage(object)
  }

  /** Custom resources have no protobuf form. */
  get hasProtobuf(): boolean {
    return this.info.schema.startsWith('io.k8s.')
  }

  get isStoredVersion(): boolean {
    return this.#other === undefined
  }

  /** As `form`, for objects as they were at a time: their age is that of then. */
  formAt(timeMs: number, accepted: Accepted, pretty: boolean, include: IncludeObject): Form {
    return accepted.as === 'Table' ? this.#makeForm(accepted, pretty, include, { now: () => timeMs }) : this.form(accepted, pretty, include)
  }

  /** The form in which a client wants objects of this route. Remembered. */
  form(accepted: Accepted, pretty: boolean, include: IncludeObject): Form {
    const key = `${accepted.mediaType} ${accepted.as ?? ''} ${accepted.as === 'Table' ? include : ''} ${pretty}`
    let form = this.#forms.get(key)
    if (form === undefined) {
      form = this.#makeForm(accepted, pretty, include, this.#clock)
      this.#forms.set(key, form)
    }
    return form
  }

  #makeForm(accepted: Accepted, pretty: boolean, include: IncludeObject, clock: Pick<Clock, 'now'>): Form {
    const encoding = this.#encodings(accepted, pretty)
    if (encoding === jsonEncoding && accepted.as === undefined && this.isStoredVersion)
      return new ServedForm(this.#shape(accepted, include, clock), encoding)
    return new Form(this.#shape(accepted, include, clock), encoding)
  }

  #shape({ as }: Accepted, include: IncludeObject, clock: Pick<Clock, 'now'>): Shape {
    const convert = this.#other?.fromStorage.bind(this.#other)
    if (as === 'Table') {
      const columns = (this.#other?.columns ?? this.resource.columns) as unknown as readonly Column[]
      return new TableShape(columns, include, convert, this.#other?.columns === undefined, clock)
    }
    if (as !== undefined) return partialShape
    return new ObjectShape(this.apiVersion, this.info.kind, convert)
  }
}

export type EncodingChoice = (accepted: Accepted, pretty: boolean) => Encoding

/** All routes, by group, version and resource. */
export class RouteTable {
  readonly #groups = new Map<string, Map<string, Map<string, Route>>>()

  #generation = 0

  /** Changes when routes do. */
  get generation(): number {
    return this.#generation
  }

  add(route: Route): void {
    this.#generation++
    const { group, version, resource } = route.info
    let versions = this.#groups.get(group)
    if (versions === undefined) this.#groups.set(group, (versions = new Map()))
    let resources = versions.get(version)
    if (resources === undefined) versions.set(version, (resources = new Map()))
    resources.set(resource, route)
  }

  find(group: string, version: string, resource: string): Route | undefined {
    return this.#groups.get(group)?.get(version)?.get(resource)
  }

  *all(): Generator<Route> {
    for (const versions of this.#groups.values()) for (const resources of versions.values()) yield* resources.values()
  }
}
