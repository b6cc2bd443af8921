let lastSecond = Number.NaN
let lastText = ''

/** `2026-01-31T12:00:00Z`: the form of times in the API, whole seconds. */
export function apiTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
  }
  return lastText
}
