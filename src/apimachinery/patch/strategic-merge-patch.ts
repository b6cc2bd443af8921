import { kindOf } from '../codec/scalars.ts'
import type { FieldSchema, MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { newBadRequest, newGenericServerResponse } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { deepCopy, goText, isObject, type JSONObject } from '../value/json-value.ts'
import { orderMerged, validateElementOrder } from './element-order.ts'

const directive = '$patch'
const retainKeys = '$retainKeys'
const deletePrefix = '$deleteFromPrimitiveList'
const orderPrefix = '$setElementOrder'

/** What a field's schema says about merging; the parts of a map are described by the type of its values. */
interface PatchMeta {
  strategy: 'merge' | 'replace' | undefined
  mergeKey: string | undefined
  /** undefined for scalars and free-form values. */
  message: MessageSchema | undefined
  name: string
}

/**
 * Applies a strategic merge patch: the result shares those fields of `original` that the patch does not name, and nothing else. Lists are
 * merged by `patchStrategy` and `patchMergeKey`; the directives `$patch`, `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder`
 * are understood. Behaviour: k8s.io/apimachinery `util/strategicpatch`.
 * @throws StatusError BadRequest, or 422 for lists of lists
 */
export function applyStrategicMergePatch<T extends object>(
  original: T,
  patch: unknown,
  { schema, registry }: { schema: MessageSchema; registry: SchemaRegistry },
): T {
  if (!isObject(patch)) throw newBadRequest(`json: cannot unmarshal ${kindOf(patch)} into Go value of type map[string]interface {}`)
  return new StrategicMerge(registry).mergeMap(withCopiesOfNamed(original as JSONObject, patch), deepCopy(patch), schema) as T
}

function withCopiesOfNamed(original: JSONObject, patch: JSONObject): JSONObject {
  const result = { ...original }
  for (const key in patch) {
    // Directives name fields in their own ways.
    if (key.startsWith('$')) return deepCopy(original)
    if (original[key] !== undefined) result[key] = deepCopy(original[key])
  }
  return result
}

class StrategicMerge {
  readonly #registry: SchemaRegistry

  constructor(registry: SchemaRegistry) {
    this.#registry = registry
  }

  /** Changes both arguments. */
  mergeMap(original: JSONObject, patch: JSONObject, schema: MessageSchema | undefined): JSONObject {
    const marker = patch[directive]
    if (marker !== undefined) return mapDirective(marker, patch)
    applyRetainKeys(original, patch)
    this.#mergeOrderedLists(original, patch, schema)
    let removes = false
    for (const patchKey in patch) {
      const change = patch[patchKey]
      if (patchKey.startsWith(deletePrefix)) {
        this.#deleteFromList(original, directiveTarget(patchKey, deletePrefix), change)
        continue
      }
      if (change === null) {
        removes ||= original[patchKey] !== undefined
        continue
      }
      const current = original[patchKey]
      if (isObject(current) && isObject(change)) original[patchKey] = this.#mergeMapField(current, change, this.#metaOf(schema, patchKey))
      else if (Array.isArray(current) && Array.isArray(change)) {
        original[patchKey] = this.#mergeListField(current, change, this.#metaOf(schema, patchKey))
      } else takeOver(original, patchKey, change)
    }
    return removes ? withoutRemoved(original, patch) : original
  }

  #metaOf(schema: MessageSchema | undefined, key: string): PatchMeta {
    if (schema === undefined) return { strategy: undefined, mergeKey: undefined, message: undefined, name: key }
    const field = schema.fields[key]
    if (field === undefined) throw newBadRequest(fieldMissing(schema, key))
    return this.#fieldMeta(field)
  }

  #fieldMeta(field: FieldSchema): PatchMeta {
    const strategies = field.patchStrategy?.split(',') ?? []
    const strategy = strategies.includes('merge') ? 'merge' : strategies.includes('replace') ? 'replace' : undefined
    const nested = this.#registry.get(field.type)
    // The keys of a map are free; what a map of structs holds has the struct's fields one level further down.
    const message = field.shape === 'map' ? mapMessage(field) : nested
    return { strategy, mergeKey: field.patchMergeKey, message, name: field.type.split('.').at(-1)! }
  }

  #mergeMapField(current: JSONObject, change: JSONObject, meta: PatchMeta): JSONObject {
    return meta.strategy === 'replace' ? change : this.mergeMap(current, change, meta.message)
  }

  #mergeListField(current: unknown[], change: unknown[], meta: PatchMeta): unknown[] {
    return meta.strategy === 'merge' ? this.#mergeList(current, change, meta) : change
  }

  #deleteFromList(original: JSONObject, key: string, values: unknown): void {
    const current = original[key]
    if (values === null) delete original[key]
    if (!Array.isArray(current) || !Array.isArray(values) || current.length + values.length === 0) return
    elementKind(current, values)
    const gone = new Set(values)
    original[key] = current.filter(value => !gone.has(value))
  }

  #mergeList(original: unknown[], patch: unknown[], meta: PatchMeta): unknown[] {
    if (original.length === 0 && patch.length === 0) return original
    if (elementKind(original, patch) !== 'object') {
      const merged = [...new Set([...original, ...patch])]
      return orderMerged(merged, patch, original, undefined)
    }
    if (meta.mergeKey === undefined) throw newBadRequest(`cannot merge lists without merge key for ${meta.name}`)
    const { kept, changes } = applyListDirectives(original as JSONObject[], patch as JSONObject[], meta.mergeKey)
    const merged = this.#mergeItems(kept, changes, meta.mergeKey, meta.message)
    return orderMerged(merged, changes, kept, meta.mergeKey)
  }

  #mergeItems(kept: JSONObject[], changes: JSONObject[], mergeKey: string, message: MessageSchema | undefined): JSONObject[] {
    const merged = [...kept]
    const positions = new Map<unknown, number>()
    merged.forEach((item, index) => {
      const value = keyValue(item, mergeKey)
      if (!positions.has(value)) positions.set(value, index)
    })
    for (const change of changes) {
      const value = keyValue(change, mergeKey)
      const position = positions.get(value)
      if (position !== undefined) merged[position] = this.mergeMap(merged[position]!, change, message)
      else {
        positions.set(value, merged.length)
        merged.push(withoutDirectives(change) as JSONObject)
      }
    }
    return merged
  }

  /** Lists that come with `$setElementOrder` are merged here and leave the patch. */
  #mergeOrderedLists(original: JSONObject, patch: JSONObject, schema: MessageSchema | undefined): void {
    for (const patchKey of Object.keys(patch).filter(key => key.startsWith(orderPrefix))) {
      const order = patch[patchKey]
      delete patch[patchKey]
      if (!Array.isArray(order)) throw argumentFault(order)
      const key = directiveTarget(patchKey, orderPrefix)
      const current = original[key]
      const change = patch[key]
      if (current !== undefined && !Array.isArray(current)) throw argumentFault(current)
      if (change !== undefined && !Array.isArray(change)) throw argumentFault(change)
      const meta = this.#metaOf(schema, key)
      validateElementOrder(change ?? [], order, meta.mergeKey)
      if (current === undefined && change === undefined) continue
      let merged: unknown[]
      if (change === undefined) merged = current!
      else if (current === undefined) merged = withoutDirectives(change) as unknown[]
      else merged = this.#mergeListField(current, change, meta)
      elementKind(current ?? [], change ?? [])
      original[key] = orderMerged(merged, order, current ?? [], meta.mergeKey)
      delete patch[key]
    }
  }
}

function fieldMissing(schema: MessageSchema, key: string): string {
  return `unable to find api field in struct ${schema.name.split('.').at(-1)} for the json field ${quote(key)}`
}

const mapMessages = new WeakMap<FieldSchema, MessageSchema | undefined>()

/** A map of structs, seen as a message whose every key is such a struct. */
function mapMessage(field: FieldSchema): MessageSchema | undefined {
  if (!field.type.includes('.')) return undefined
  let message = mapMessages.get(field)
  if (message === undefined) {
    const value: FieldSchema = { number: 0, type: field.type }
    message = { name: field.type, fields: new Proxy({}, { get: () => value }) }
    mapMessages.set(field, message)
  }
  return message
}

function mapDirective(marker: unknown, patch: JSONObject): JSONObject {
  if (marker === 'replace') {
    delete patch[directive]
    return patch
  }
  if (marker === 'delete') return {}
  throw badDirective(marker, patch)
}

function badDirective(marker: unknown, patch: JSONObject): Error {
  return newBadRequest(`unknown patch type: ${goText(marker)} in map: ${goText(patch)}`)
}

function argumentFault(value: unknown): Error {
  const received = Array.isArray(value) ? '[]interface {}' : isObject(value) ? 'map[string]interface {}' : kindOf(value)
  return newBadRequest(`expected a []interface {}, but received a ${received}`)
}

function applyRetainKeys(original: JSONObject, patch: JSONObject): void {
  const list = patch[retainKeys]
  if (list === undefined) return
  delete patch[retainKeys]
  const malformed = () => newBadRequest('invalid patch format of retainKeys')
  if (!Array.isArray(list)) throw malformed()
  const kept = new Set<unknown>(list)
  for (const key in patch) {
    if (patch[key] === null || key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue
    if (!kept.has(key)) throw malformed()
  }
  for (const key of Object.keys(original)) if (!kept.has(key)) delete original[key]
}

/** A new object: one that has lost fields takes three times the room. */
function withoutRemoved(original: JSONObject, patch: JSONObject): JSONObject {
  const result: JSONObject = {}
  for (const key in original) if (patch[key] !== null) result[key] = original[key]
  return result
}

function directiveTarget(key: string, prefix: string): string {
  const slash = key.indexOf('/')
  if (slash < 0 || key.slice(0, slash) !== prefix) {
    throw newBadRequest(prefix === deletePrefix ? 'invalid patch format of primitive list' : 'invalid patch format of setElementOrder list')
  }
  return key.slice(slash + 1)
}

/** The patch's value where there is nothing to merge with: without its directives and nulls. */
function takeOver(original: JSONObject, key: string, change: unknown): void {
  const value = withoutDirectives(change)
  if (value === undefined) delete original[key]
  else original[key] = value
}

/** undefined when the value is nothing but a directive. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    const kept = value.map(withoutDirectives)
    return kept.includes(undefined) ? kept.filter(item => item !== undefined) : kept
  }
  if (!isObject(value)) return value
  if (value[directive] === 'delete') return undefined
  const result: JSONObject = {}
  for (const key in value) {
    const field = value[key]
    if (field === null || key === directive || key === retainKeys) continue
    if (key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue
    const kept = withoutDirectives(field)
    if (kept !== undefined) result[key] = kept
  }
  return result
}

/** All elements must be of one kind, which is returned. */
function elementKind(...lists: readonly unknown[][]): string {
  let kind: string | undefined
  for (const list of lists) {
    for (const item of list) {
      const found = kindOf(item)
      if (kind === undefined) {
        if (found === 'array') {
          throw newGenericServerResponse(422, '', { group: '', resource: '' }, '', 'lists of lists are not supported', 0, false)
        }
        kind = found
      } else if (kind !== found) throw newBadRequest(`list element types are not identical: ${goText(lists)}`)
    }
  }
  if (kind === undefined) throw newBadRequest('no elements in any of the given slices')
  return kind
}

function keyValue(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) throw argumentFault(item)
  const value = item[mergeKey]
  if (value === undefined) throw newBadRequest(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`)
  return value
}

function applyListDirectives(original: JSONObject[], patch: JSONObject[], mergeKey: string): { kept: JSONObject[]; changes: JSONObject[] } {
  let kept = original
  let replaces = false
  const changes: JSONObject[] = []
  for (const item of patch) {
    const marker = item[directive]
    if (marker === undefined) changes.push(item)
    else if (marker === 'delete') {
      const gone = keyValue(item, mergeKey)
      kept = kept.filter(candidate => keyValue(candidate, mergeKey) !== gone)
    } else if (marker === 'replace') replaces = true
    else if (marker === 'merge') throw newBadRequest('merging lists cannot yet be specified in the patch')
    else throw badDirective(marker, item)
  }
  return replaces ? { kept: changes, changes: [] } : { kept, changes }
}
