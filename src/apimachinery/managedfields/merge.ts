import { isObject, type JSONObject } from '../value/json-value.ts'
import { childrenOf, type FieldSet, fieldElement, isMember } from './field-set.ts'
import {
  type FieldType,
  isLeafType,
  type ListFieldType,
  type MapFieldType,
  resolve,
  type StructFieldType,
  typeOfKey,
} from './field-type.ts'
import { elementOrIndex, indexItems, Duplicates } from './list-items.ts'

/** The live object with the applied one laid over it. Shares unchanged parts with both. */
export function mergeApplied(live: JSONObject, applied: JSONObject, type: FieldType): JSONObject {
  return mergeValues(live, applied, type) as JSONObject
}

function mergeValues(live: unknown, applied: unknown, declared: FieldType): unknown {
  if (applied === undefined) return live
  if (live === undefined || live === null) return applied
  const type = resolve(declared, applied, live)
  if (type.kind === 'scalar' || isLeafType(type)) return applied
  if (type.kind === 'list') {
    if (!Array.isArray(applied) || !Array.isArray(live)) return applied ?? live
    return mergeLists(live, applied, type)
  }
  if (!isObject(applied) || !isObject(live)) return applied ?? live
  return mergeFields(live, applied, type)
}

function mergeFields(live: JSONObject, applied: JSONObject, type: StructFieldType | MapFieldType): JSONObject {
  const result: JSONObject = { ...live }
  for (const key in applied) {
    const fieldType = typeOfKey(type, key)
    if (fieldType !== undefined) result[key] = mergeValues(live[key], applied[key], fieldType)
  }
  return result
}

/**
 * Elements of both lists: those that were applied in their order, those that are only live kept where they stand relative to the shared
 * ones.
 */
function mergeLists(live: unknown[], applied: unknown[], type: ListFieldType): unknown[] {
  const liveElements = live.map((item, index) => elementOrIndex(item, index, type))
  const appliedElements = applied.map((item, index) => elementOrIndex(item, index, type))
  const liveItems = indexItems(live, type)
  const wanted = new Set(appliedElements)
  const shared = appliedElements.filter(element => liveItems.has(element))
  const merged = new Set<string>()
  const result: unknown[] = []
  let nextShared = shared.shift()
  let left = 0
  let right = 0
  const takeApplied = () => {
    const element = appliedElements[right]!
    const before = liveItems.get(element)
    merged.add(element)
    result.push(before instanceof Duplicates ? applied[right] : mergeValues(before, applied[right], type.element))
    right++
    return element
  }
  while (left < live.length || right < applied.length) {
    const element = liveElements[left]
    if (element !== undefined && right < applied.length) {
      if (element === appliedElements[right]) {
        takeApplied()
        left++
        nextShared = shared.shift()
        continue
      }
      if (wanted.has(element) && nextShared !== undefined && nextShared !== element) {
        left++
        continue
      }
    }
    if (element !== undefined) {
      if (!wanted.has(element)) {
        result.push(live[left++])
        continue
      }
      if (merged.has(element)) left++
    }
    if (right < applied.length && takeApplied() === nextShared) nextShared = shared.shift()
  }
  return result
}

/** The object without the members of the set. Objects and lists that lose everything become null. */
export function removeItems(object: JSONObject, set: FieldSet, type: FieldType): JSONObject {
  return (removeFrom(object, set, type) ?? {}) as JSONObject
}

function removeFrom(value: unknown, set: FieldSet, declared: FieldType): unknown {
  const type = resolve(declared, value)
  if (type.kind === 'scalar' || isLeafType(type)) return value
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return null
    const kept: unknown[] = []
    value.forEach((item, index) => {
      const node = set[elementOrIndex(item, index, type)]
      if (node === undefined) kept.push(item)
      else if (!isMember(node)) kept.push(removeFrom(item, childrenOf(node), type.element))
    })
    return kept.length === 0 ? null : kept
  }
  if (!isObject(value)) return null
  const result: JSONObject = {}
  for (const key in value) {
    const node = set[fieldElement(key)]
    if (node === undefined) result[key] = value[key]
    else if (!isMember(node)) result[key] = removeFrom(value[key], childrenOf(node), typeOfKey(type, key) ?? type)
  }
  return Object.keys(result).length === 0 ? null : result
}
