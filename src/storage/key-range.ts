/** Keys `k` with `from <= k` and, if `end` is given, `k < end`, ordered by code unit. */
export interface KeyRange {
  from: string
  end: string | undefined
}

/** The range of all keys that start with `prefix` and, if given, come after `startAfter`. */
export function rangeOf(prefix: string, startAfter?: string): KeyRange {
  const from = startAfter === undefined || startAfter < prefix ? prefix : successor(startAfter)
  return { from, end: prefixEnd(prefix) }
}

/** The smallest string after `key`. */
export function successor(key: string): string {
  return `${key}\0`
}

/** The smallest string after all that start with `prefix`; undefined when there is none. */
function prefixEnd(prefix: string): string | undefined {
  for (let length = prefix.length; length > 0; length--) {
    const last = prefix.charCodeAt(length - 1)
    if (last < 0xffff) return prefix.slice(0, length - 1) + String.fromCharCode(last + 1)
  }
  return undefined
}
