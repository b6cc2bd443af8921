import { parseTime } from '#apimachinery/meta/v1/time.ts'
import { parseDuration } from '#cluster/duration.ts'
import type { PastTime } from '#client/past.ts'
import { UsageError } from './flags.ts'

/** What `--at` names: a state by its resourceVersion, or the one that was the newest at a time. */
export type PastVersion = { resourceVersion: string } | PastTime

/**
 * Reads `412`, `2026-01-01T12:00:00Z`, `12:00`, `12:00:30` (today, by the machine's time zone), `5m` or `-5m` (ago).
 * @throws UsageError
 */
export function parsePastTime(text: string, nowMs: number): PastVersion {
  if (/^\d+$/.test(text)) return { resourceVersion: text }
  const [, hours, minutes, seconds = '0'] = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text) ?? []
  if (hours !== undefined) return { timeMs: new Date(nowMs).setHours(Number(hours), Number(minutes), Number(seconds), 0) }
  const timeMs = /^\d{4}-\d\d-\d\dT/.test(text) ? parseTime(text) : undefined
  if (timeMs !== undefined) return { timeMs }
  try {
    return { agoMs: parseDuration(text.replace(/^-/, '')) }
  } catch {
    const want = 'a resourceVersion, a time such as 12:30 or 2026-01-01T12:30:00Z, or how long ago, such as 5m'
    throw new UsageError(`invalid argument "${text}" for "--at": must be ${want}`)
  }
}
