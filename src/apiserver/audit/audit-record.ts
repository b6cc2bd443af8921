import type { Cause } from '#client/cause.ts'
import type { WriteEffect } from '#client/why.ts'
import type { Write } from '#storage/storage.ts'
import type { RequestContext } from '../registry/resource.ts'

/** One write that was committed: who made it, through what, and why. The words are those of audit.k8s.io. */
export interface AuditRecord {
  revision: number
  /** Of the version that was replaced or deleted; 0 for a new object. */
  previousRevision: number
  /** Of the cluster's clock, when the write was committed. */
  timeMs: number
  /** The object's key in storage. */
  key: string
  effect: WriteEffect
  /** As RBAC knows it: `create`, `patch`, … */
  verb: string
  /** '' for the object itself. */
  subresource: string
  user: string
  userAgent: string
  /** '' for deletions. */
  fieldManager: string
  /** Why the sender acted, when it said so. */
  cause: Cause | undefined
}

/** Who writes, as far as it is recorded. */
export type Writer = Pick<RequestContext, 'user' | 'userAgent' | 'fieldManager' | 'verb' | 'subresource' | 'cause' | 'clock'>

export function auditRecordOf(write: Write<unknown>, revision: number, by: Writer, asksDeletion: boolean): AuditRecord {
  const effect = effectOf(write, asksDeletion)
  return {
    revision,
    previousRevision: write.expectedRevision,
    timeMs: by.clock.now(),
    key: write.key,
    effect,
    verb: by.verb,
    subresource: by.subresource ?? '',
    user: by.user.name,
    userAgent: by.userAgent,
    fieldManager: effect === 'deleted' ? '' : by.fieldManager,
    cause: by.cause,
  }
}

function effectOf({ value, expectedRevision }: Write<unknown>, asksDeletion: boolean): WriteEffect {
  if (value === undefined) return 'deleted'
  if (expectedRevision === 0) return 'created'
  return asksDeletion ? 'deletion asked' : 'changed'
}
