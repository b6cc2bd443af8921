import { newBadRequest, newResourceExpired } from '#apimachinery/status/status.ts'
import type { PastState } from '#client/past.ts'
import type { AuditLog } from './audit-log.ts'
import type { AuditRecord } from './audit-record.ts'

/** What of the past a storage still has. */
export interface StoredPast {
  readonly compactedRevision: number
}

/**
 * The state that was the newest at a time.
 * @throws StatusError Expired when it is not stored, BadRequest for the future
 */
export function pastStateAt(timeMs: number, nowMs: number, audit: AuditLog, stored: StoredPast): PastState {
  if (timeMs > nowMs) throw newBadRequest(`${timeText(timeMs)} lies in the future: it is ${timeText(nowMs)} now`)
  const record = audit.lastAt(timeMs)
  if (record !== undefined && record.revision >= stored.compactedRevision) return stateOf(record)
  throw newResourceExpired(`the state of ${timeText(timeMs)} is not stored; the oldest is that of ${oldestPastState(audit, stored).time}`)
}

/** @throws StatusError Expired when none is known */
export function oldestPastState(audit: AuditLog, { compactedRevision }: StoredPast): PastState {
  const oldest = audit.firstFrom(compactedRevision)
  if (oldest === undefined) throw newResourceExpired('nothing is known of the past')
  return stateOf(oldest)
}

function stateOf({ revision, timeMs }: AuditRecord): PastState {
  return { resourceVersion: String(revision), time: timeText(timeMs) }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
