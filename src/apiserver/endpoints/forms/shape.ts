import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ListMeta } from '#apimachinery/meta/v1/types.gen.ts'
import type { Entry } from '../../cacher/entry.ts'

/** The shape in which objects are shown: as they are, in another version, only their metadata, or as rows of a table. */
export interface Shape {
  object(entry: Entry): unknown
  /** For objects that are not in the cache: answers of subresources. */
  fresh(object: KubeObject): unknown
  /** The list without its items; `itemsField` comes last in it. */
  listHead(metadata: ListMeta): Record<string, unknown>
  itemsField: 'items' | 'rows'
  item(entry: Entry): unknown
  /** An object with nothing but its resourceVersion and, perhaps, an annotation. */
  bookmark(revision: number, annotations: Record<string, string> | undefined): unknown
  /** A shape whose first event differs from the later ones: a copy for one watch. */
  forOneWatch?(): Shape
}

/** Objects as clients of one version see them. */
export class ObjectShape implements Shape {
  readonly itemsField = 'items'
  readonly #apiVersion: string
  readonly #kind: string
  readonly #convert: ((object: KubeObject) => KubeObject) | undefined

  /** @param convert makes this version out of the stored one */
  constructor(apiVersion: string, kind: string, convert: ((object: KubeObject) => KubeObject) | undefined) {
    this.#apiVersion = apiVersion
    this.#kind = kind
    this.#convert = convert
  }

  object(entry: Entry): unknown {
    return this.fresh(entry.object)
  }

  fresh(object: KubeObject): unknown {
    return this.#convert === undefined ? object : this.#convert(object)
  }

  listHead(metadata: ListMeta): Record<string, unknown> {
    return { kind: `${this.#kind}List`, apiVersion: this.#apiVersion, metadata }
  }

  item(entry: Entry): unknown {
    return this.object(entry)
  }

  bookmark(revision: number, annotations: Record<string, string> | undefined): unknown {
    return { kind: this.#kind, apiVersion: this.#apiVersion, metadata: bookmarkMeta(revision, annotations) }
  }
}

export function bookmarkMeta(revision: number, annotations: Record<string, string> | undefined): object {
  return { resourceVersion: String(revision), ...(annotations && { annotations }) }
}
