import type { RecordedWrite, StoryAnswer } from '#client/why.ts'
import { storyText } from './story-text.ts'

/** How an object came to be as it is, or to be gone: `String(story)` is what `cox why` prints. */
export class Story {
  /** The writes of the object, since it was made, oldest first. */
  readonly writes: readonly RecordedWrite[]
  /** The object has earlier writes: `lost` ones are not recorded, or not any more; `many` are left out. */
  readonly earlier: 'lost' | 'many' | undefined
  /** Time of the oldest write that is recorded, of any object. */
  readonly recordedSince: string | undefined
  readonly #byVersion: ReadonlyMap<string, RecordedWrite>

  constructor({ writes, causes, earlier, recordedSince }: StoryAnswer) {
    this.writes = writes
    this.earlier = earlier
    this.recordedSince = recordedSince
    this.#byVersion = new Map([...causes, ...writes].map(write => [write.resourceVersion, write]))
  }

  /** The write that a write is the answer to; undefined when it answers none, or one that is not recorded. */
  causeOf({ cause }: RecordedWrite): RecordedWrite | undefined {
    return cause?.resourceVersion === undefined ? undefined : this.#byVersion.get(cause.resourceVersion)
  }

  /** The writes that led to a write, the nearest first. */
  causesOf(write: RecordedWrite): RecordedWrite[] {
    const causes: RecordedWrite[] = []
    for (let cause = this.causeOf(write); cause !== undefined; cause = this.causeOf(cause)) causes.push(cause)
    return causes
  }

  toString(): string {
    return storyText(this)
  }
}
