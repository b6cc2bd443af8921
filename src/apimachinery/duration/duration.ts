const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const yearMs = 365 * dayMs

/** Up to `belowMs`: whole `unitMs`, and the rest in whole `restMs` if that is given and not zero. */
const spans = [
  { belowMs: 2 * minuteMs, unitMs: 1000, unit: 's' },
  { belowMs: 10 * minuteMs, unitMs: minuteMs, unit: 'm', restMs: 1000, rest: 's' },
  { belowMs: 3 * hourMs, unitMs: minuteMs, unit: 'm' },
  { belowMs: 8 * hourMs, unitMs: hourMs, unit: 'h', restMs: minuteMs, rest: 'm' },
  { belowMs: 2 * dayMs, unitMs: hourMs, unit: 'h' },
  { belowMs: 8 * dayMs, unitMs: dayMs, unit: 'd', restMs: hourMs, rest: 'h' },
  { belowMs: 2 * yearMs, unitMs: dayMs, unit: 'd' },
  { belowMs: 8 * yearMs, unitMs: yearMs, unit: 'y', restMs: dayMs, rest: 'd' },
  { belowMs: Number.POSITIVE_INFINITY, unitMs: yearMs, unit: 'y' },
]

/**
 * An age as kubectl shows it: two or three digits, at most two units (`85s`, `4m30s`, `3d5h`). Times up to two seconds in the future count
 * as now, later ones are `<invalid>`.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  const span = spans.find(candidate => ms < candidate.belowMs)!
  const text = `${Math.floor(ms / span.unitMs)}${span.unit}`
  const rest = span.restMs === undefined ? 0 : Math.floor((ms % span.unitMs) / span.restMs)
  return rest === 0 ? text : `${text}${rest}${span.rest}`
}

const unitNanos: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

/** The text is no duration; the message is Go's. */
export class DurationError extends Error {
  override readonly name = 'DurationError'
}

/**
 * Reads `1h2m3.5s` as Go's `time.ParseDuration` does.
 * @returns nanoseconds
 * @throws DurationError
 */
export function parseDurationNanos(text: string): bigint {
  const body = text.replace(/^[+-]/, '')
  if (body === '0') return 0n
  if (body === '' || !/^(?:(?:\d+(?:\.\d*)?|\.\d+)[^\d.]+)*(?:\d+(?:\.\d*)?|\.\d+)?$/.test(body))
    throw new DurationError(`time: invalid duration ${JSON.stringify(text)}`)
  let nanos = 0n
  for (const [, number = '', unit = ''] of body.matchAll(/([\d.]+)([^\d.]*)/g)) {
    if (unit === '') throw new DurationError(`time: missing unit in duration ${JSON.stringify(text)}`)
    const scale = Object.hasOwn(unitNanos, unit) ? unitNanos[unit] : undefined
    if (scale === undefined) throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    const [whole = '', fraction = ''] = number.split('.')
    nanos +=
      BigInt(whole === '' ? '0' : whole) * scale + (BigInt(fraction === '' ? '0' : fraction) * scale) / 10n ** BigInt(fraction.length)
  }
  if (nanos >= 2n ** 63n) throw new DurationError(`time: invalid duration ${JSON.stringify(text)}`)
  return text.startsWith('-') ? -nanos : nanos
}

/** As `parseDurationNanos`, in milliseconds (with a fraction, if there is one). */
export function parseDurationMs(text: string): number {
  return Number(parseDurationNanos(text)) / 1e6
}

/** Go's form: `1h0m0s`, `5m0s`, `1.5s`, `250ms`, `0s`. */
export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return '0s'
  const sign = nanos < 0n ? '-' : ''
  const magnitude = nanos < 0n ? -nanos : nanos
  const second = unitNanos['s']!
  if (magnitude < second) {
    const unit = magnitude < 1000n ? 'ns' : magnitude < 1_000_000n ? 'µs' : 'ms'
    return `${sign}${fractional(magnitude, unitNanos[unit]!)}${unit}`
  }
  const hours = magnitude / unitNanos['h']!
  const minutes = (magnitude / unitNanos['m']!) % 60n
  const seconds = `${fractional(magnitude % unitNanos['m']!, second)}s`
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`
}

export function formatDurationMs(ms: number): string {
  return formatDurationNanos(BigInt(Math.round(ms * 1e6)))
}

function fractional(value: bigint, unit: bigint): string {
  const digits = String(unit).length - 1
  const fraction = String(value % unit)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  return fraction === '' || digits === 0 ? String(value / unit) : `${value / unit}.${fraction}`
}
