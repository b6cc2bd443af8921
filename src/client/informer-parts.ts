import { type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import { because, sightOf } from './cause.ts'
import type { Informer, InformerEvent, InformerHandler } from './informer.ts'
import { type CutOff, Partition } from './partition.ts'

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
   * @param options.known to a handler that goes on for another one: what that was told of, if it is cut off
   */
  onChange(handler: InformerHandler<T>, options?: { isKnown?: boolean; known?: () => Iterable<T> }): Disposable
  /** Keeps it true until the signal is aborted, unless somebody else does. */
  run(signal: AbortSignal): Promise<void>
}

interface Part<T> {
  objects: CopyOnWriteMap<string, T>
  /** Replaced as a whole: who comes or goes while an event is told does not change who is told of it. */
  handlers: readonly InformerHandler<T>[]
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

  /**
   * @param partition while it is cut, the reader knows what it knew before
   * @param hasRead what is here, also if it is cut now: the reader goes on for another one
   */
  of(name: string, partition: Partition = new Partition(), hasRead = false): ObjectSource<T> {
    return new InformerPart(this, name, partition, hasRead)
  }

  /** Objects of a part. For `InformerPart`. */
  objects(name: string): CopyOnWriteMap<string, T> | undefined {
    return this.#parts.get(name)?.objects
  }

  /** For `InformerPart`. */
  listen(name: string, handler: InformerHandler<T>): void {
    const part = this.#part(name)
    part.handlers = part.handlers.concat(handler)
  }

  /** For `InformerPart`. */
  leave(name: string, handler: InformerHandler<T>): void {
    const part = this.#part(name)
    part.handlers = part.handlers.filter(other => other !== handler)
    this.#drop(name, part)
  }

  #apply(event: InformerEvent<T>): void {
    const { object } = event
    const key = keyOf(object)
    const now = event.type === 'delete' ? '' : this.#partOf(object)
    const before = event.type === 'add' ? '' : this.#partOf(event.type === 'update' ? event.old : object)
    if (before !== '' && before !== now) {
      const part = this.#part(before)
      const known = part.objects.delete(key)
      if (known) tell(part.handlers, { type: 'delete', object })
      this.#drop(before, part)
    }
    if (now === '') return
    const part = this.#part(now)
    part.objects.set(key, object)
    tell(part.handlers, event.type === 'update' && before === now ? event : { type: 'add', object })
  }

  #part(name: string): Part<T> {
    let part = this.#parts.get(name)
    if (part === undefined) {
      part = { objects: new CopyOnWriteMap(), handlers: [] }
      this.#parts.set(name, part)
    }
    return part
  }

  #drop(name: string, { objects, handlers }: Part<T>): void {
    if (objects.size === 0 && handlers.length === 0) this.#parts.delete(name)
  }
}

function tell<T>(handlers: readonly InformerHandler<T>[], event: InformerEvent<T>): void {
  for (const handler of handlers) handler(event)
}

/** A part whose reader, as long as it listens, can be cut off. What changed meanwhile is told when the network is there again, as after a new list. */
class InformerPart<T extends KubeObject> implements ObjectSource<T>, CutOff {
  readonly #parts: InformerParts<T>
  readonly #name: string
  readonly #partition: Partition
  #handlers: readonly InformerHandler<T>[] = []
  /** What tells the handlers, while there are some. */
  #listener: InformerHandler<T> | undefined
  /** What was known when the network was cut. */
  #known: CopyOnWriteMap<string, T> | undefined
  /** The network was there once: what was read then stays known. */
  #hasRead: boolean

  constructor(parts: InformerParts<T>, name: string, partition: Partition, hasRead: boolean) {
    this.#parts = parts
    this.#name = name
    this.#partition = partition
    this.#hasRead = hasRead || !partition.isCut
  }

  get synced(): Promise<void> {
    return this.#mayRead ? this.#parts.informer.synced : this.#partition.whenHealed.then(() => this.synced)
  }

  get hasSynced(): boolean {
    return this.#mayRead && this.#parts.informer.hasSynced
  }

  get #mayRead(): boolean {
    this.#hasRead ||= !this.#partition.isCut
    return this.#hasRead
  }

  get(key: string): T | undefined {
    return this.#objects?.get(key)
  }

  list(): T[] {
    return [...this.values()]
  }

  values(): Iterable<T> {
    return this.#objects?.values() ?? []
  }

  onChange(handler: InformerHandler<T>, options: { isKnown?: boolean; known?: () => Iterable<T> } = {}): Disposable {
    if (this.#listener === undefined) this.#listen(options.known)
    if (options.isKnown !== true) for (const object of this.list()) because(sightOf(object), () => handler({ type: 'add', object }))
    this.#handlers = this.#handlers.concat(handler)
    return { [Symbol.dispose]: () => this.#forget(handler) }
  }

  async run(): Promise<void> {}

  /** For the partition. */
  cut(): void {
    if (!this.#parts.informer.hasSynced) this.#hasRead = false
    this.#known = this.#present?.copy() ?? new CopyOnWriteMap()
  }

  /** For the partition. */
  healed(): void {
    const known = this.#known ?? new CopyOnWriteMap<string, T>()
    this.#known = undefined
    const present = this.#present ?? new CopyOnWriteMap<string, T>()
    const isSame = (old: T | undefined, object: T | undefined) => old?.metadata.uid === object?.metadata.uid
    for (const [key, object] of known) if (!isSame(object, present.get(key))) tell(this.#handlers, { type: 'delete', object })
    for (const [key, object] of present) {
      const old = known.get(key)
      if (old === undefined || !isSame(old, object)) tell(this.#handlers, { type: 'add', object })
      else if (old !== object) tell(this.#handlers, { type: 'update', object, old })
    }
  }

  /** What the reader knows. */
  get #objects(): CopyOnWriteMap<string, T> | undefined {
    return this.#known ?? this.#present
  }

  get #present(): CopyOnWriteMap<string, T> | undefined {
    return this.#parts.objects(this.#name)
  }

  #listen(known: (() => Iterable<T>) | undefined): void {
    this.#listener = event => this.#known === undefined && tell(this.#handlers, event)
    // Each handler is told of what is there when it comes.
    this.#parts.listen(this.#name, this.#listener)
    this.#partition.tell(this)
    if (!this.#partition.isCut) return
    if (known !== undefined) this.#known = new CopyOnWriteMap(Array.from(known(), object => [keyOf(object), object]))
    else this.#known = (this.#hasRead ? this.#present?.copy() : undefined) ?? new CopyOnWriteMap()
  }

  #forget(handler: InformerHandler<T>): void {
    this.#handlers = this.#handlers.filter(other => other !== handler)
    if (this.#handlers.length > 0 || this.#listener === undefined) return
    this.#partition.forget(this)
    this.#parts.leave(this.#name, this.#listener)
    this.#listener = undefined
    this.#known = undefined
  }
}
