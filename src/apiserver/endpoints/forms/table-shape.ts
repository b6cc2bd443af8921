import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ListMeta } from '#apimachinery/meta/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Entry } from '../../cacher/entry.ts'
import type { Column } from '../../registry/resource.ts'
import { partialMetadata } from './partial-shape.ts'
import { bookmarkMeta, type Shape } from './shape.ts'

/** What comes with each row. */
export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** Rows of columns, as `kubectl get` prints them. */
export class TableShape implements Shape {
  readonly itemsField = 'rows'
  readonly #columns: readonly Column[]
  readonly #definitions: readonly object[]
  readonly #columnsReadStored: boolean
  readonly #include: IncludeObject
  readonly #convert: ((object: KubeObject) => KubeObject) | undefined
  readonly #clock: Pick<Clock, 'now'>
  #definitionsComeOnce = false
  #definitionsAreSent = false

  /** @param columnsReadStored the columns are those of the stored version, and `convert` is for the objects beside the cells only */
  constructor(
    columns: readonly Column[],
    include: IncludeObject,
    convert: ((object: KubeObject) => KubeObject) | undefined,
    columnsReadStored: boolean,
    clock: Pick<Clock, 'now'>,
  ) {
    this.#columns = columns
    this.#columnsReadStored = columnsReadStored
    this.#include = include
    this.#convert = convert
    this.#clock = clock
    this.#definitions = columns.map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? '',
      description,
      priority,
    }))
  }

  object(entry: Entry): unknown {
    return this.#table(this.item(entry), { resourceVersion: String(entry.revision) })
  }

  fresh(object: KubeObject): unknown {
    return this.#table(this.#row(object), { resourceVersion: object.metadata.resourceVersion })
  }

  listHead(metadata: ListMeta): Record<string, unknown> {
    return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: this.#definitions }
  }

  item(entry: Entry): unknown {
    return this.#row(entry.object)
  }

  bookmark(revision: number, annotations: Record<string, string> | undefined): unknown {
    const object = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: bookmarkMeta(revision, annotations) }
    return this.#table({ cells: this.#columns.map(() => null), object }, { resourceVersion: String(revision) })
  }

  /** Column definitions come with the first event only. */
  forOneWatch(): TableShape {
    const copy = new TableShape(this.#columns, this.#include, this.#convert, this.#columnsReadStored, this.#clock)
    copy.#definitionsComeOnce = true
    return copy
  }

  #row(stored: KubeObject): object {
    const now = this.#clock.now()
    const object = this.#convert === undefined ? stored : this.#convert(stored)
    const shown = this.#columnsReadStored ? stored : object
    const cells = this.#columns.map(column => column.value(shown, now))
    if (this.#include === 'None') return { cells }
    return { cells, object: this.#include === 'Object' ? object : partialMetadata(object) }
  }

  #table(row: unknown, metadata: ListMeta): object {
    const columnDefinitions = this.#definitionsAreSent ? null : this.#definitions
    this.#definitionsAreSent = this.#definitionsComeOnce
    return { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows: [row] }
  }
}
