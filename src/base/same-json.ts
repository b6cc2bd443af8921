/** Equal as JSON, with fields in any order and absent, null and undefined all the same. */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (a === undefined || a === null) return b === undefined || b === null
  if (typeof a !== 'object' || typeof b !== 'object' || b === null) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    for (let index = 0; index < a.length; index++) if (!sameJSON(a[index], b[index])) return false
    return true
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const key in left) if (!sameJSON(left[key], right[key])) return false
  for (const key in right) if (!(key in left) && right[key] !== undefined && right[key] !== null) return false
  return true
}
