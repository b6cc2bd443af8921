import { isObject, type JSONObject } from './json-value.ts'

/**
 * A value with every part that equals the other's at the same place taken from there, so that both share it; the other itself when all is
 * equal, as `deepEqual` means it. Neither is changed: what lies above a shared part is copied.
 */
export function shareEqual<T>(value: T, other: unknown): T {
  if (value === other) return value
  if (Array.isArray(value)) return Array.isArray(other) ? (shareItems(value, other) as T) : value
  return isObject(value) && isObject(other) ? (shareFields(value, other) as T) : value
}

function shareItems(list: unknown[], other: unknown[]): unknown[] {
  let result = list
  let isSame = list.length === other.length
  for (let index = 0; index < list.length && index < other.length; index++) {
    const shared = shareEqual(list[index], other[index])
    if (shared !== other[index]) isSame = false
    if (shared === list[index]) continue
    if (result === list) result = list.slice()
    result[index] = shared
  }
  return isSame ? other : result
}

function shareFields(object: JSONObject, other: JSONObject): JSONObject {
  let result = object
  let isSame = true
  let others = 0
  for (const key in object) {
    const field = object[key]
    const known = other[key]
    if (field === undefined) continue
    if (known === undefined) {
      isSame = false
      continue
    }
    others++
    const shared = shareEqual(field, known)
    if (shared !== known) isSame = false
    if (shared === field) continue
    if (result === object) result = { ...object }
    result[key] = shared
  }
  if (!isSame) return result
  for (const key in other) if (other[key] !== undefined) others--
  return others === 0 ? other : result
}
