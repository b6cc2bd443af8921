/** An object of parsed JSON. */
export type JSONObject = Record<string, unknown>

export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether there is no field or item in it. */
export function isEmptyObject(value: object | undefined): boolean {
  for (const _ in value) return false
  return true
}

/**
 * Parses JSON and leaves out keys named `__proto__`.
 * @throws SyntaxError
 */
export function parseWithoutPrototypes(text: string): unknown {
  // The key may be written with escapes; only then is the slower way taken.
  if (!text.includes('__proto') && !text.includes('\\u')) return JSON.parse(text)
  return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value))
}

/** A copy that shares nothing. Keys named `__proto__` and undefined fields are left out. */
export function deepCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const list = new Array(value.length)
    for (let index = 0; index < value.length; index++) {
      const item: unknown = value[index]
      list[index] = typeof item === 'object' ? deepCopy(item) : item
    }
    return list as T
  }
  const object: JSONObject = {}
  for (const key in value) {
    const field = value[key]
    // Most are no objects: a call for each would be a tenth of the work.
    if (field !== undefined && key !== '__proto__') object[key] = typeof field === 'object' ? deepCopy(field) : field
  }
  return object as T
}

/** Equality of JSON values: the order of keys does not matter, a field that is undefined is as good as none. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false
    for (let index = 0; index < a.length; index++) if (!deepEqual(a[index], b[index])) return false
    return true
  }
  if (Array.isArray(b)) return false
  const left = a as JSONObject
  const right = b as JSONObject
  for (const key in left) if (!deepEqual(left[key], right[key])) return false
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false
  return true
}

/** A value as Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (!isObject(value)) return String(value)
  const entries = Object.keys(value)
    .sort()
    .map(key => `${key}:${goText(value[key])}`)
  return `map[${entries.join(' ')}]`
}
