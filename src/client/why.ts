import type { Cause } from './cause.ts'

/** Where the server tells why an object is as it is: `?group=&resource=pods&namespace=default&name=web`. JSON of a `StoryAnswer`. */
export const whyPath = '/debug/why'

/** `deletion asked`: the object stays until its grace period is over and its finalizers are gone. */
export type WriteEffect = 'created' | 'changed' | 'deletion asked' | 'deleted'

/** One recorded write. */
export interface RecordedWrite {
  resourceVersion: string
  /** RFC 3339 with milliseconds, of the cluster's clock. */
  time: string
  object: { apiVersion: string; kind: string; namespace?: string | undefined; name: string }
  effect: WriteEffect
  /** As RBAC knows it. */
  verb: string
  subresource?: string | undefined
  user: string
  userAgent: string
  fieldManager?: string | undefined
  /** Why the writer acted, when it said so. */
  cause?: Cause | undefined
  /** What is different since the version before; of a new or deleted object nothing. Undefined: the versions are not stored any more. */
  changes?: Change[] | undefined
}

/** One field that differs. */
export interface Change {
  /** Such as `status.conditions[Ready].status`. */
  path: string
  /** Left out: there was none. */
  before?: unknown
  /** Left out: there is none any more. */
  after?: unknown
  /** The values are secret: neither is told. */
  isSecret?: true | undefined
}

export interface StoryAnswer {
  /** The writes of the object, since it was made, oldest first. */
  writes: RecordedWrite[]
  /** Writes that these go back to, oldest first: of other objects, mostly. */
  causes: RecordedWrite[]
  /** The object has earlier writes: `lost` ones are not recorded, or not any more; `many` are left out. */
  earlier?: 'lost' | 'many' | undefined
  /** Of the oldest record there is; undefined without any. */
  recordedSince?: string | undefined
}
