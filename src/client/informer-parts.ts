import { type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { because, sightOf } from './cause.ts'
import type { Informer, InformerEvent, InformerHandler } from './informer.ts'
import type { Partition } from './partition.ts'

/** A collection to read: that of an informer, or the part of it that concerns one reader. Objects in it are shared: never change them. */
export interface ObjectSource<T extends KubeObject> {
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>
  readonly hasSynced: boolean
  /** The object of that `namespace/name` (or `name`). */
  get(key: string): T | undefined
  list(): T[]
  values(): Iterable<T>
  /**
   * Calls the handler for every object already here (unless it knows them) and for every change, until disposed. Handlers are synchronous and
   * do not throw.
   */
  onChange(handler: InformerHandler<T>, options?: { isKnown?: boolean }): Disposable
  /** Keeps it true until the signal is aborted, unless somebody else does. */
  run(signal: AbortSignal): Promise<void>
}

interface Part<T> {
  objects: Map<string, T>
  handlers: Set<InformerHandler<T>>
}

/**
 * Divides what one informer holds among many readers, such as the Pods among their nodes: each is told of its own objects only, at the
 * price of one watch for all. Whoever owns the informer runs it.
 */
export class InformerParts<T extends KubeObject> {
  readonly informer: Informer<T>
  readonly #partOf: (object: T) => string
  readonly #parts = new Map<string, Part<T>>()

  /** @param partOf names the part that an object is in; '' for none */
  constructor(informer: Informer<T>, partOf: (object: T) => string) {
    this.informer = informer
    this.#partOf = partOf
    informer.onChange(event => this.#apply(event))
  }

  /** @param partition while it is cut, the reader knows what it knew before */
  of(name: string, partition?: Partition): ObjectSource<T> {
    return partition === undefined ? new InformerPart(this, name) : new PartitionedPart(this, name, partition)
  }

  /** Objects of a part. For `InformerPart`. */
  objects(name: string): ReadonlyMap<string, T> | undefined {
    return this.#parts.get(name)?.objects
  }

  /** For `InformerPart`. */
  listen(name: string, handler: InformerHandler<T>): Disposable {
    const part = this.#part(name)
    part.handlers.add(handler)
    const stop = () => {
      part.handlers.delete(handler)
      this.#drop(name, part)
    }
    return { [Symbol.dispose]: stop }
  }

  #apply(event: InformerEvent<T>): void {
    const { object } = event
    const key = keyOf(object)
    const now = event.type === 'delete' ? '' : this.#partOf(object)
    const before = event.type === 'add' ? '' : this.#partOf(event.type === 'update' ? event.old : object)
    if (before !== '' && before !== now) {
      const part = this.#part(before)
      const known = part.objects.delete(key)
      if (known) tell(part, { type: 'delete', object })
      this.#drop(before, part)
    }
    if (now === '') return
    const part = this.#part(now)
    part.objects.set(key, object)
    tell(part, event.type === 'update' && before === now ? event : { type: 'add', object })
  }

  #part(name: string): Part<T> {
    let part = this.#parts.get(name)
    if (part === undefined) {
      part = { objects: new Map(), handlers: new Set() }
      this.#parts.set(name, part)
    }
    return part
  }

  #drop(name: string, { objects, handlers }: Part<T>): void {
    if (objects.size === 0 && handlers.size === 0) this.#parts.delete(name)
  }
}

function tell<T>({ handlers }: Part<T>, event: InformerEvent<T>): void {
  for (const handler of handlers) handler(event)
}

class InformerPart<T extends KubeObject> implements ObjectSource<T> {
  readonly #parts: InformerParts<T>
  readonly #name: string

  constructor(parts: InformerParts<T>, name: string) {
    this.#parts = parts
    this.#name = name
  }

  get synced(): Promise<void> {
    return this.#parts.informer.synced
  }

  get hasSynced(): boolean {
    return this.#parts.informer.hasSynced
  }

  get(key: string): T | undefined {
    return this.#parts.objects(this.#name)?.get(key)
  }

  list(): T[] {
    return [...this.values()]
  }

  values(): Iterable<T> {
    return this.#parts.objects(this.#name)?.values() ?? []
  }

  onChange(handler: InformerHandler<T>, options: { isKnown?: boolean } = {}): Disposable {
    if (options.isKnown !== true) for (const object of this.values()) because(sightOf(object), () => handler({ type: 'add', object }))
    return this.#parts.listen(this.#name, handler)
  }

  async run(): Promise<void> {}
}

/** A part whose reader, as long as it listens, can be cut off. What changed meanwhile is told when the network is there again, as after a new list. */
class PartitionedPart<T extends KubeObject> implements ObjectSource<T> {
  readonly #part: ObjectSource<T>
  readonly #partition: Partition
  readonly #handlers = new Set<InformerHandler<T>>()
  #listening: Disposable | undefined
  /** What was known when the network was cut. */
  #known: ReadonlyMap<string, T> | undefined

  constructor(parts: InformerParts<T>, name: string, partition: Partition) {
    this.#part = new InformerPart(parts, name)
    this.#partition = partition
  }

  get synced(): Promise<void> {
    return this.#partition.isCut ? this.#partition.whenHealed.then(() => this.synced) : this.#part.synced
  }

  get hasSynced(): boolean {
    return !this.#partition.isCut && this.#part.hasSynced
  }

  get(key: string): T | undefined {
    return this.#known === undefined ? this.#part.get(key) : this.#known.get(key)
  }

  list(): T[] {
    return [...this.values()]
  }

  values(): Iterable<T> {
    return this.#known?.values() ?? this.#part.values()
  }

  onChange(handler: InformerHandler<T>, options: { isKnown?: boolean } = {}): Disposable {
    this.#listening ??= this.#listen()
    if (options.isKnown !== true) for (const object of this.values()) handler({ type: 'add', object })
    this.#handlers.add(handler)
    return { [Symbol.dispose]: () => this.#forget(handler) }
  }

  async run(): Promise<void> {}

  #listen(): Disposable {
    const listening = new DisposableStack()
    listening.use(this.#partition.tell({ cut: () => this.#cut(), healed: () => this.#healed() }))
    // Each handler is told of what is there when it comes.
    listening.use(this.#part.onChange(event => this.#known === undefined && this.#tell(event), { isKnown: true }))
    if (this.#partition.isCut) this.#known = new Map()
    return listening
  }

  #forget(handler: InformerHandler<T>): void {
    this.#handlers.delete(handler)
    if (this.#handlers.size > 0) return
    this.#listening?.[Symbol.dispose]()
    this.#listening = undefined
    this.#known = undefined
  }

  #cut(): void {
    this.#known = new Map([...this.#part.values()].map(object => [keyOf(object), object]))
  }

  #healed(): void {
    const known = this.#known ?? new Map<string, T>()
    this.#known = undefined
    const isSame = (old: T | undefined, object: T | undefined) => old?.metadata.uid === object?.metadata.uid
    for (const [key, object] of known) if (!isSame(object, this.#part.get(key))) this.#tell({ type: 'delete', object })
    for (const object of [...this.#part.values()]) {
      const old = known.get(keyOf(object))
      if (old === undefined || !isSame(old, object)) this.#tell({ type: 'add', object })
      else if (old !== object) this.#tell({ type: 'update', object, old })
    }
  }

  #tell(event: InformerEvent<T>): void {
    for (const handler of this.#handlers) handler(event)
  }
}
