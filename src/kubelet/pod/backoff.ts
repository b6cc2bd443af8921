import { limits } from '../limits.ts'

/** How long to wait before the next try, and when that was decided. */
export interface BackOff {
  delayMs: number
  sinceMs: number
}

interface BackOffLimits {
  initialMs: number
  maxMs: number
}

export const crashBackOffLimits: BackOffLimits = { initialMs: limits.crashBackOffInitialMs, maxMs: limits.crashBackOffMaxMs }
export const imageBackOffLimits: BackOffLimits = { initialMs: limits.imageBackOffInitialMs, maxMs: limits.imageBackOffMaxMs }
export const stepRetryLimits: BackOffLimits = { initialMs: limits.stepRetryInitialMs, maxMs: limits.stepRetryMaxMs }
export const volumeRetryLimits: BackOffLimits = { initialMs: limits.volumeRetryInitialMs, maxMs: limits.volumeRetryMaxMs }

/** The next back-off after a failure at `failedAtMs`: doubled, or the first again when the last one is twice the longest delay ago. */
export function nextBackOff(
  last: BackOff | undefined,
  at: { failedAtMs: number; nowMs: number },
  { initialMs, maxMs }: BackOffLimits,
): BackOff {
  if (last === undefined || isExpired(last, at.failedAtMs, maxMs)) return { delayMs: initialMs, sinceMs: at.nowMs }
  return { delayMs: Math.min(last.delayMs * 2, maxMs), sinceMs: at.nowMs }
}

/** The back-off that a container restarted so often must have reached: what a kubelet that forgot it goes on with. */
export function recalledBackOff(restartCount: number, sinceMs: number): BackOff | undefined {
  if (restartCount === 0) return undefined
  const { initialMs, maxMs } = crashBackOffLimits
  return { delayMs: Math.min(initialMs * 2 ** (restartCount - 1), maxMs), sinceMs }
}

/** When something that failed at `failedAtMs` may be tried again; undefined when there is nothing to wait for. */
export function backOffUntilMs(last: BackOff | undefined, failedAtMs: number, { maxMs }: BackOffLimits): number | undefined {
  if (last === undefined || isExpired(last, failedAtMs, maxMs)) return undefined
  return failedAtMs + last.delayMs
}

function isExpired(last: BackOff, failedAtMs: number, maxMs: number): boolean {
  return failedAtMs - last.sinceMs > 2 * maxMs
}

/** Go's `time.Duration` as text: `10s`, `1m20s`, `5m0s`, `1h0m0s`, `350ms`, `1.5s`; '0s' for zero. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1) return `${Number((ms * 1000).toFixed(3))}µs`
  if (ms < 1000) return `${Number(ms.toFixed(6))}ms`
  const seconds = ms / 1000
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const rest = Number((seconds - hours * 3600 - minutes * 60).toFixed(9))
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${rest}s`
}
