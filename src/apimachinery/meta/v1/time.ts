let lastSecond = Number.NaN
let lastText = ''

/** `metav1.Time` on the wire, `2026-01-31T12:00:00Z`: RFC 3339 in UTC, whole seconds. */
export function formatTime(unixMs: number): string {
  const second = Math.floor(unixMs / 1000)
  // Much happens within one second, and shares its text.
  if (second !== lastSecond) {
    lastSecond = second
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
  }
  return lastText
}

let lastMs = Number.NaN
let lastMicroText = ''

/** `metav1.MicroTime` on the wire: RFC 3339 in UTC with six digits of a second. */
export function formatMicroTime(unixMs: number): string {
  // Thousands of nodes renew their leases at one time of a virtual clock.
  if (unixMs !== lastMs) {
    lastMs = unixMs
    lastMicroText = [new Date(unixMs).toISOString().slice(0, 23), '000Z'].join('')
  }
  return lastMicroText
}

/** Milliseconds since 1970 of an RFC 3339 time; undefined for nothing and for what is no time. */
export function parseTime(text: string | undefined | null): number | undefined {
  if (text === undefined || text === null || text === '') return undefined
  const unixMs = Date.parse(text)
  return Number.isNaN(unixMs) ? undefined : unixMs
}
