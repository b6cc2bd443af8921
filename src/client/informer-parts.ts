import { type KubeObject, keyOf } from '#apimachinery/meta/v1/object.ts'
import { because, sightOf } from './cause.ts'
import type { Informer, InformerEvent, InformerHandler } from './informer.ts'

/** A collection to read: that of an informer, or the part of it that concerns one reader. Objects in it are shared: never change them. */
export interface ObjectSource<T extends KubeObject> {
  /** Resolves when the first list is in. */
  readonly synced: Promise<void>
  readonly hasSynced: boolean
  /** The object of that `namespace/name` (or `name`). */
  get(key: string): T | undefined
  list(): T[]
  values(): Iterable<T>
  /** Calls the handler for every object already here and for every change, until disposed. Handlers are synchronous and do not throw. */
  onChange(handler: InformerHandler<T>): Disposable
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

  of(name: string): ObjectSource<T> {
    return new InformerPart(this, name)
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

  onChange(handler: InformerHandler<T>): Disposable {
    for (const object of this.values()) because(sightOf(object), () => handler({ type: 'add', object }))
    return this.#parts.listen(this.#name, handler)
  }

  async run(): Promise<void> {}
}
