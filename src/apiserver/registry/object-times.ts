/** `2026-01-31T12:00:00Z`: the form of times in the API, whole seconds. */
export function apiTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`
}
