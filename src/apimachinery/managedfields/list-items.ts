import { isObject } from '../value/json-value.ts'
import type { ListFieldType } from './field-type.ts'

/** A list element lacks what tells it from the others. */
export class ListItemFault extends Error {}

/** The path element of a list element: its keys or, in sets, its value. */
export function elementOf(item: unknown, index: number, type: ListFieldType): string {
  if (type.relation === 'set') {
    if (typeof item === 'object') throw new ListItemFault(`element ${index}: items of a set must be scalars`)
    return `v:${JSON.stringify(item)}`
  }
  if (!isObject(item)) {
    throw new ListItemFault(`element ${index}: associative list with keys may not have non-map elements`)
  }
  const keys: Record<string, unknown> = {}
  for (const { name, default: fallback } of type.keys) {
    const value = item[name] ?? fallback
    if (value === undefined) {
      const reason = `associative list with keys has an element that omits key field ${JSON.stringify(name)} (and doesn't have default value)`
      throw new ListItemFault(`element ${index}: ${reason}`)
    }
    keys[name] = value
  }
  return `k:${JSON.stringify(type.keys.length > 1 ? sortedKeys(keys) : keys)}`
}

function sortedKeys(keys: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Elements with the same path element, which only stored objects may have: they are one leaf. */
export class Duplicates {
  readonly items: unknown[]

  constructor(items: unknown[]) {
    this.items = items
  }
}

/** Elements by path element, in the order of the list. An element without its keys counts by its index. */
export function indexItems(list: readonly unknown[], type: ListFieldType): Map<string, unknown> {
  const items = new Map<string, unknown>()
  list.forEach((item, index) => {
    const element = elementOrIndex(item, index, type)
    const known = items.get(element)
    if (known instanceof Duplicates) known.items.push(item)
    else items.set(element, known === undefined ? item : new Duplicates([known, item]))
  })
  return items
}

export function elementOrIndex(item: unknown, index: number, type: ListFieldType): string {
  try {
    return elementOf(item, index, type)
  } catch (error) {
    if (error instanceof ListItemFault) return `i:${index}`
    throw error
  }
}

/** Whether two elements are the same one, without making their path elements. */
export function sameElement(a: unknown, b: unknown, type: ListFieldType): boolean {
  if (type.relation === 'set') return a === b
  if (!isObject(a) || !isObject(b)) return false
  for (const { name, default: fallback } of type.keys) {
    const value = a[name] ?? fallback
    if (value === undefined || typeof value === 'object' || value !== (b[name] ?? fallback)) return false
  }
  return true
}
