import { formatDurationNanos } from '#apimachinery/duration/duration.ts'

const unitsMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A number of milliseconds, or text such as `90s`, `1m30s`, `2h`, `7d`. */
export type Duration = number | string

/** @throws RangeError for what is no duration, or a negative one */
export function parseDuration(duration: Duration): number {
  if (typeof duration === 'number') {
    if (duration >= 0) return duration
  } else if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(duration)) {
    let totalMs = 0
    for (const [, amount, unit] of duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) totalMs += Number(amount) * unitsMs[unit!]!
    return totalMs
  }
  throw new RangeError(`"${duration}" is no duration: want milliseconds, or text such as "500ms", "90s", "1m30s", "2h" or "7d"`)
}

/** As it was given, a number with its unit. */
export function durationText(duration: Duration): string {
  if (typeof duration === 'string' || !Number.isFinite(duration)) return String(duration)
  return formatDurationNanos(BigInt(Math.round(duration * 1e6)))
}
