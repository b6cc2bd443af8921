import { newBadRequest } from '../status/status.ts'
import { deepCopy, isObject, type JSONObject } from '../value/json-value.ts'

/**
 * Applies an RFC 7386 patch: objects are merged, null removes, everything else replaces. The result shares those fields of `original` that the
 * patch does not name, and nothing else.
 * @throws StatusError BadRequest when the patch is no object
 */
export function applyMergePatch<T extends object>(original: T, patch: unknown): T {
  if (!isObject(patch)) throw newBadRequest('Invalid JSON Patch')
  return merge(original as JSONObject, patch, field => field) as T
}

function merge(original: JSONObject, patch: JSONObject, keep: (field: unknown) => unknown = deepCopy): JSONObject {
  const result: JSONObject = {}
  for (const key in original) {
    if (key === '__proto__') continue
    const change = Object.hasOwn(patch, key) ? patch[key] : undefined
    if (change === null) continue
    const current = original[key]
    if (change === undefined) result[key] = keep(current)
    else result[key] = isObject(change) ? merge(isObject(current) ? current : {}, change) : deepCopy(change)
  }
  for (const key in patch) {
    const change = patch[key]
    if (change === null || key === '__proto__' || Object.hasOwn(original, key)) continue
    result[key] = isObject(change) ? merge({}, change) : deepCopy(change)
  }
  return result
}

/** The RFC 7386 patch that makes `modified` of `original`; undefined when they are the same. */
export function createMergePatch(original: JSONObject, modified: JSONObject): JSONObject | undefined {
  const patch: JSONObject = {}
  for (const key in original) if (modified[key] === undefined && original[key] !== undefined) patch[key] = null
  for (const key in modified) {
    const difference = differenceOf(original[key], modified[key])
    if (difference !== undefined) patch[key] = difference
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

function differenceOf(original: unknown, modified: unknown): unknown {
  if (isObject(original) && isObject(modified)) return createMergePatch(original, modified)
  return JSON.stringify(original) === JSON.stringify(modified) ? undefined : deepCopy(modified)
}
