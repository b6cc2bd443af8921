import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { GroupResource } from '#apimachinery/resource/resource-info.ts'
import { newAlreadyExists, newNotFound } from '#apimachinery/status/status.ts'
import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import type { RequestContext, Resource, Store, StoreLookup, UserInfo } from '../registry/resource.ts'

const nobody: UserInfo = { name: 'test', groups: ['system:authenticated'] }

/** Objects by resource for tests of what only reads and writes objects: no admission, no strategies, no versions. */
export class ObjectStores implements StoreLookup {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  /** Of all stores together. */
  readonly #changes = { count: 0 }

  /** @param objects by resource: `pods`, `roles.rbac.authorization.k8s.io` */
  constructor(objects: Record<string, readonly unknown[]> = {}) {
    for (const [resource, list] of Object.entries(objects)) {
      for (const object of list as KubeObject[]) this.#of(resource).set(keyOf(object.metadata.namespace, object.metadata.name), object)
    }
  }

  of<T extends KubeObject>({ group, resource }: GroupResource): Store<T> {
    return new ObjectStore(
      this.#of(group === '' ? resource : `${resource}.${group}`),
      { group, resource },
      this.#changes,
    ) as unknown as Store<T>
  }

  #of(resource: string): Map<string, KubeObject> {
    let objects = this.#objects.get(resource)
    if (objects === undefined) this.#objects.set(resource, (objects = new Map()))
    return objects
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`
}

class ObjectStore implements Store {
  readonly #objects: Map<string, KubeObject>
  readonly #name: GroupResource
  readonly #changes: { count: number }

  constructor(objects: Map<string, KubeObject>, name: GroupResource, changes: { count: number }) {
    this.#objects = objects
    this.#name = name
    this.#changes = changes
  }

  get resource(): Resource {
    throw new Error('objects of tests have no declaration')
  }

  peek(namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(keyOf(namespace, name))
  }

  async get(namespace: string | undefined, name: string): Promise<KubeObject> {
    const object = this.peek(namespace, name)
    if (object === undefined) throw newNotFound(this.#name, name)
    return object
  }

  async list(namespace: string | undefined): Promise<KubeObject[]> {
    return this.peekList(namespace)
  }

  peekList(namespace: string | undefined): KubeObject[] {
    return [...this.#objects.values()].filter(object => namespace === undefined || object.metadata.namespace === namespace)
  }

  peekByField(field: string, value: string): KubeObject[] {
    const valueOf = (object: KubeObject) => field.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], object)
    return this.peekList(undefined).filter(object => valueOf(object) === value)
  }

  get generation(): number {
    return this.#changes.count
  }

  async create(object: KubeObject): Promise<KubeObject> {
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    if (this.#objects.has(key)) throw newAlreadyExists(this.#name, object.metadata.name)
    this.#objects.set(key, object)
    this.#changes.count++
    return object
  }

  async update(namespace: string | undefined, name: string, change: (copy: KubeObject) => KubeObject): Promise<KubeObject> {
    const changed = change(structuredClone(await this.get(namespace, name)))
    this.#objects.set(keyOf(namespace, name), changed)
    this.#changes.count++
    return changed
  }

  async delete(namespace: string | undefined, name: string): Promise<{ object: KubeObject; gone: boolean }> {
    const object = await this.get(namespace, name)
    this.#objects.delete(keyOf(namespace, name))
    this.#changes.count++
    return { object, gone: true }
  }
}

/** A request for tests; what is not given is harmless. */
export function testContext(given: Partial<RequestContext> & { warnings?: string[] } = {}): RequestContext {
  const { warnings = [], ...rest } = given
  return {
    user: nobody,
    verb: 'create',
    resource: { group: '', version: 'v1', resource: 'pods' },
    subresource: undefined,
    namespace: 'default',
    name: undefined,
    dryRun: false,
    fieldManager: 'test',
    userAgent: 'test',
    clock: new VirtualClock(),
    random: new SeededRandom(1),
    signal: new AbortController().signal,
    warn: text => warnings.push(text),
    stores: new ObjectStores(),
    ...rest,
  }
}
