import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ListMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { newNotAcceptable } from '#apimachinery/status/status.ts'
import type { ChangeType } from '../../cacher/cache-event.ts'
import type { Entry } from '../../cacher/entry.ts'
import { withoutNewline } from '../../storage/object-bytes.ts'
import type { ChunkedBody, ResponseBody, ValueBody, WatchForm } from '../../request/api-response.ts'
import type { Encoding } from './encoding.ts'
import type { Shape } from './shape.ts'

const chunkBytesMin = 256 * 1024
const comma = Buffer.from(',')
const listTail = Buffer.from(']}\n')
const frameTail = Buffer.from('}\n')
const frameHeads: Record<ChangeType, Buffer> = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
}
const initialEventsEnd = { 'k8s.io/initial-events-end': 'true' }

/** How a client gets objects: a shape in an encoding. Stateless, shared by all requests that want the same. */
export class Form implements WatchForm {
  readonly #shape: Shape
  readonly #encoding: Encoding

  constructor(shape: Shape, encoding: Encoding) {
    this.#shape = shape
    this.#encoding = encoding
  }

  /** @throws StatusError NotAcceptable */
  get watchContentType(): string {
    const { watchMediaType } = this.#encoding
    if (watchMediaType !== undefined) return watchMediaType
    throw newNotAcceptable(
      'only the following media types are accepted: application/json, application/vnd.kubernetes.protobuf;stream=watch',
    )
  }

  entryBody(entry: Entry): ValueBody {
    const contentType = this.#encoding.mediaType
    return { type: 'value', contentType, bytes: () => this.bytesOf(entry), value: () => this.#shape.object(entry) }
  }

  /** An object that is not in the cache. */
  freshBody(object: KubeObject): ValueBody {
    return this.plainBody(() => this.#shape.fresh(object))
  }

  /** A value without shape: a Status, an answer of another kind. */
  plainBody(value: () => unknown): ValueBody {
    return { type: 'value', contentType: this.#encoding.mediaType, bytes: () => this.#encoding.encode(value()), value }
  }

  listBody(metadata: ListMeta, entries: readonly Entry[]): ResponseBody {
    const head = this.#shape.listHead(metadata)
    const items = () => entries.map(entry => this.#shape.item(entry))
    const value = () => ({ ...head, [this.#shape.itemsField]: items() })
    if (!this.#encoding.isTextJSON) return this.plainBody(value)
    const body: ChunkedBody = {
      type: 'chunked',
      contentType: this.#encoding.mediaType,
      chunks: allocate => this.#listChunks(head, entries, allocate),
      value,
    }
    return body
  }

  *#listChunks(head: Record<string, unknown>, entries: readonly Entry[], allocate: (bytes: number) => Buffer): Generator<Buffer> {
    const start = JSON.stringify({ ...head, [this.#shape.itemsField]: [] })
    let parts: Buffer[] = [Buffer.from(start.slice(0, -2))]
    let bytes = parts[0]!.length
    let isFirst = true
    for (const entry of entries) {
      const item = this.itemBytes(entry)
      if (isFirst) isFirst = false
      else parts.push(comma)
      parts.push(item)
      bytes += item.length + 1
      if (bytes < chunkBytesMin) continue
      yield join(parts, allocate(bytes))
      parts = []
      bytes = 0
    }
    parts.push(listTail)
    yield join(parts, allocate(bytes + listTail.length))
  }

  protected bytesOf(entry: Entry): Buffer {
    return this.#encoding.encode(this.#shape.object(entry))
  }

  protected itemBytes(entry: Entry): Buffer {
    return Buffer.from(JSON.stringify(this.#shape.item(entry)))
  }

  frame(type: ChangeType, entry: Entry): Buffer {
    return this.#encoding.frame(type, this.#shape.object(entry))
  }

  bookmarkFrame(revision: number, endsInitialEvents: boolean): Buffer {
    return this.#encoding.frame('BOOKMARK', this.bookmark(revision, endsInitialEvents))
  }

  errorFrame(status: unknown): Buffer {
    return this.#encoding.frame('ERROR', status)
  }

  value(entry: Entry): unknown {
    return this.#shape.object(entry)
  }

  bookmark(revision: number, endsInitialEvents: boolean): unknown {
    return this.#shape.bookmark(revision, endsInitialEvents ? initialEventsEnd : undefined)
  }

  /** Where frames depend on what was sent before (column definitions of Tables come once): a form for one watch. */
  forOneWatch(): WatchForm {
    const shape = this.#shape.forOneWatch?.()
    return shape === undefined ? this : new Form(shape, this.#encoding)
  }
}

/** JSON of objects of the stored version: the bytes of the cache as they are. */
export class ServedForm extends Form {
  protected override bytesOf(entry: Entry): Buffer {
    return entry.bytes
  }

  protected override itemBytes(entry: Entry): Buffer {
    return withoutNewline(entry.bytes)
  }

  override frame(type: ChangeType, entry: Entry): Buffer {
    return Buffer.concat([frameHeads[type], withoutNewline(entry.bytes), frameTail])
  }
}

/** Copies the parts into `buffer`, which has room for them. */
function join(parts: readonly Buffer[], buffer: Buffer): Buffer {
  let length = 0
  for (const part of parts) {
    buffer.set(part, length)
    length += part.length
  }
  return buffer.subarray(0, length)
}
