import { deepEqual, isEmptyObject, isObject, type JSONObject } from '../value/json-value.ts'
import { childrenOf, emptySet, type FieldSet, fieldElement, leaf, nodeOf } from './field-set.ts'
import {
  type FieldType,
  isLeafType,
  type ListFieldType,
  type MapFieldType,
  resolve,
  type StructFieldType,
  typeOfKey,
} from './field-type.ts'
import { Duplicates, elementOrIndex, indexItems, sameElement } from './list-items.ts'

/** What differs between two objects, by field. */
export interface Comparison {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

/** Nodes, not roots: `leaf` means the place itself. */
interface Difference {
  added?: FieldSet
  modified?: FieldSet
  removed?: FieldSet
}

/** Compares two objects of a type. Costs one walk, and nothing more where they are the same. */
export function compare(old: JSONObject, next: JSONObject, type: FieldType): Comparison {
  const difference = compareValues(old, next, type)
  const root = (node: FieldSet | undefined) => (node === undefined ? emptySet : childrenOf(node))
  return { added: root(difference?.added), modified: root(difference?.modified), removed: root(difference?.removed) }
}

function compareLeaf(old: unknown, next: unknown): Difference | undefined {
  if (old === undefined) return { added: leaf }
  if (next === undefined) return { removed: leaf }
  return deepEqual(old, next) ? undefined : { modified: leaf }
}

function compareValues(old: unknown, next: unknown, declared: FieldType): Difference | undefined {
  if (old === next) return undefined
  if (old === undefined) return { added: nodeOfAdded(next, declared) }
  const type = resolve(declared, next, old)
  if (type.kind === 'scalar' || isLeafType(type)) return compareLeaf(old, next)
  if (type.kind === 'list') return compareLists(old, next, type)
  const oldFields = isObject(old) ? old : undefined
  const nextFields = isObject(next) ? next : undefined
  if (isEmptyObject(oldFields) && isEmptyObject(nextFields)) return compareLeaf(old, next)
  return withSelf(compareFields(oldFields ?? {}, nextFields ?? {}, type), next)
}

/** The node of a value where there was none: it is a member, and so is all below it. */
function nodeOfAdded(value: unknown, declared: FieldType): FieldSet {
  const type = resolve(declared, value)
  if (type.kind === 'scalar' || isLeafType(type)) return leaf
  const node: Record<string, FieldSet> = { '.': leaf }
  let isBare = true
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return leaf
    for (const [element, item] of indexItems(value, type)) {
      node[element] = item instanceof Duplicates ? leaf : nodeOfAdded(item, type.element)
      isBare = false
    }
  } else if (isObject(value)) {
    for (const key of inOrder(value)) {
      const field = value[key]
      const fieldType = field === undefined ? undefined : typeOfKey(type, key)
      if (fieldType === undefined) continue
      node[fieldElement(key)] = nodeOfAdded(field, fieldType)
      isBare = false
    }
  }
  return isBare ? leaf : node
}

/** The keys in the order in which the set is written. */
function inOrder(object: JSONObject): string[] {
  const keys = Object.keys(object)
  for (let index = 1; index < keys.length; index++) if (keys[index - 1]! > keys[index]!) return keys.sort()
  return keys
}

/** A struct, map or list that went is itself a field. */
function withSelf(difference: Difference | undefined, next: unknown): Difference | undefined {
  if (next === undefined) return { ...difference, removed: nodeOf(true, difference?.removed ?? emptySet)! }
  return difference
}

function put(result: Difference | undefined, element: string, child: Difference): Difference {
  const difference = result ?? {}
  if (child.added !== undefined) difference.added = withNode(difference.added, element, child.added)
  if (child.modified !== undefined) difference.modified = withNode(difference.modified, element, child.modified)
  if (child.removed !== undefined) difference.removed = withNode(difference.removed, element, child.removed)
  return difference
}

/** Adds to the nodes that are being collected. */
function withNode(nodes: FieldSet | undefined, element: string, node: FieldSet): FieldSet {
  if (nodes === undefined) return { [element]: node }
  ;(nodes as Record<string, FieldSet>)[element] = node
  return nodes
}

function compareFields(old: JSONObject, next: JSONObject, type: StructFieldType | MapFieldType): Difference | undefined {
  let result: Difference | undefined
  for (const key in next) {
    const value = next[key]
    const before = old[key]
    if (value === before || value === undefined) continue
    const fieldType = typeOfKey(type, key)
    if (fieldType === undefined) continue
    const child = compareValues(before, value, fieldType)
    if (child !== undefined) result = put(result, fieldElement(key), child)
  }
  for (const key in old) {
    if (next[key] !== undefined || old[key] === undefined) continue
    const fieldType = typeOfKey(type, key)
    const child = fieldType === undefined ? undefined : compareValues(old[key], undefined, fieldType)
    if (child !== undefined) result = put(result, fieldElement(key), child)
  }
  return result
}

function compareLists(old: unknown, next: unknown, type: ListFieldType): Difference | undefined {
  const oldItems = Array.isArray(old) ? old : []
  const nextItems = Array.isArray(next) ? next : []
  if (oldItems.length === 0 && nextItems.length === 0) return compareLeaf(old, next)
  return withSelf(compareAligned(oldItems, nextItems, type) ?? compareItems(oldItems, nextItems, type), next)
}

/** The usual case: the same elements in the same order. undefined: it is not that case. */
function compareAligned(old: unknown[], next: unknown[], type: ListFieldType): Difference | undefined {
  if (old.length !== next.length) return undefined
  let result: Difference | undefined
  const seen = new Set<unknown>()
  for (let index = 0; index < old.length; index++) {
    if (!sameElement(old[index], next[index], type)) return undefined
    // With more than one key, equal first keys may still mean different elements: leave doubts to the slower way.
    const first = type.relation === 'set' ? next[index] : (next[index] as JSONObject)[type.keys[0]?.name ?? '']
    if (seen.has(first)) return undefined
    seen.add(first)
  }
  for (let index = 0; index < old.length; index++) {
    const child = compareValues(old[index], next[index], type.element)
    if (child !== undefined) result = put(result, elementOrIndex(next[index], index, type), child)
  }
  return result ?? unchanged
}

const unchanged: Difference = Object.freeze({})

function compareItems(old: unknown[], next: unknown[], type: ListFieldType): Difference | undefined {
  let result: Difference | undefined
  const oldItems = indexItems(old, type)
  const nextItems = indexItems(next, type)
  const visit = (element: string, before: unknown, after: unknown) => {
    const child =
      before instanceof Duplicates || after instanceof Duplicates
        ? compareLeaf(plain(before), plain(after))
        : compareValues(before, after, type.element)
    if (child !== undefined) result = put(result, element, child)
  }
  for (const [element, item] of nextItems) visit(element, oldItems.get(element), item)
  for (const [element, item] of oldItems) if (!nextItems.has(element)) visit(element, item, undefined)
  return result
}

function plain(item: unknown): unknown {
  return item instanceof Duplicates ? item.items : item
}
