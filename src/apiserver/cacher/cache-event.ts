import type { Entry } from './entry.ts'

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** One of the byte forms that watchers get (JSON, Table, protobuf, …). */
export interface FrameForm {
  frame(type: ChangeType, entry: Entry): Buffer
}

/** One change of one object, shared by all who watch: what they make of it (frames of bytes) is remembered here. */
export class CacheEvent {
  readonly type: ChangeType
  readonly revision: number
  /** The object after the change; for DELETED as it was, under the revision of the deletion. */
  readonly entry: Entry
  /** The object before the change; undefined for ADDED. */
  readonly previous: Entry | undefined
  #departed: Entry | undefined
  #frames: Map<FrameForm, Partial<Record<ChangeType, Buffer>>> | undefined

  constructor(type: ChangeType, revision: number, entry: Entry, previous: Entry | undefined) {
    this.type = type
    this.revision = revision
    this.entry = entry
    this.previous = previous
  }

  /** What a watcher sees for which the object no longer matches: as it was, under this revision. */
  get departed(): Entry {
    if (this.type === 'DELETED') return this.entry
    this.#departed ??= this.previous!.at(this.revision)
    return this.#departed
  }

  /** The frame of this change as `type`; made once for each form. */
  frame(form: FrameForm, type: ChangeType): Buffer {
    this.#frames ??= new Map()
    let frames = this.#frames.get(form)
    if (frames === undefined) {
      frames = {}
      this.#frames.set(form, frames)
    }
    frames[type] ??= form.frame(type, type === 'DELETED' ? this.departed : this.entry)
    return frames[type]
  }

  /** Called when the watches that keep up have their frames; history needs none. */
  forgetFrames(): void {
    this.#frames = undefined
  }
}
