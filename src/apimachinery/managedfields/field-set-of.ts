import { isObject } from '../value/json-value.ts'
import { childrenOf, emptySet, type FieldSet, fieldElement, isMember, leaf, nodeOf } from './field-set.ts'
import { type FieldType, isLeafType, resolve, typeOfKey } from './field-type.ts'
import { Duplicates, indexItems } from './list-items.ts'

/** All fields that an object sets: leaves, elements of lists, entries of maps, and empty objects. */
export function fieldSetOf(object: unknown, type: FieldType): FieldSet {
  const node = nodeOfValue(object, type)
  return node === undefined ? emptySet : childrenOf(node)
}

/** The node of a value; undefined when it sets nothing. */
function nodeOfValue(value: unknown, declared: FieldType): FieldSet | undefined {
  const type = resolve(declared, value)
  if (isLeafType(type) || type.kind === 'scalar') return leaf
  const children: Record<string, FieldSet> = {}
  if (type.kind === 'list') {
    if (!Array.isArray(value)) return undefined
    for (const [element, item] of indexItems(value, type)) {
      const node = item instanceof Duplicates ? leaf : nodeOfValue(item, type.element)
      children[element] = nodeOf(true, node === undefined ? emptySet : childrenOf(node))!
    }
    return nodeOf(false, children)
  }
  if (!isObject(value)) return undefined
  for (const key in value) {
    const field = value[key]
    const fieldType = typeOfKey(type, key)
    if (field === undefined || fieldType === undefined) continue
    const node = nodeOfValue(field, fieldType)
    const isBare = field === null || (isObject(field) && Object.keys(field).length === 0)
    const member = isBare || type.kind === 'map' || (node !== undefined && isMember(node))
    const result = nodeOf(member, node === undefined ? emptySet : childrenOf(node))
    if (result !== undefined) children[fieldElement(key)] = result
  }
  return nodeOf(false, children)
}

/**
 * The set with every named struct field that has members below it made a member: whoever owns all that is in a struct owns the struct.
 */
export function withNamedFields(set: FieldSet, declared: FieldType): FieldSet {
  const result: Record<string, FieldSet> = {}
  for (const element in set) {
    if (element === '.') continue
    const node = set[element]!
    const child = childType(declared, element)
    const isNamed = declared.kind === 'struct' && element.startsWith('f:') && declared.fields.has(element.slice(2))
    result[element] = nodeOf(isMember(node) || isNamed, child === undefined ? childrenOf(node) : withNamedFields(childrenOf(node), child))!
  }
  return result
}

/** The type of what a path element leads to. */
export function childType(type: FieldType, element: string): FieldType | undefined {
  if (type.kind === 'deduced') return element.startsWith('f:') ? type : undefined
  if (type.kind === 'list') return type.element
  return type.kind === 'scalar' ? undefined : typeOfKey(type, element.slice(2))
}
