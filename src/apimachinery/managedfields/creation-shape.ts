import { isObject } from '../value/json-value.ts'
import { type FieldType, isLeafType, resolve, typeOfKey } from './field-type.ts'
import { elementOrIndex } from './list-items.ts'

/**
 * All that decides which fields belong to whoever creates an object: its keys, the elements of its lists, and which values are zero, as those
 * are that a new object has anyhow. Objects with the same shape set the same fields.
 */
export function creationShape(object: unknown, declared: FieldType): string {
  const type = resolve(declared, object)
  if (type.kind === 'scalar' || isLeafType(type)) return shapeOfLeaf(object)
  if (type.kind === 'list') {
    if (!Array.isArray(object)) return shapeOfLeaf(object)
    let shape = '['
    for (let index = 0; index < object.length; index++)
      shape += shapeOfName(elementOrIndex(object[index], index, type)) + creationShape(object[index], type.element)
    return `${shape}]`
  }
  if (!isObject(object)) return shapeOfLeaf(object)
  let shape = '{'
  for (const key in object) {
    const value = object[key]
    const fieldType = value === undefined ? undefined : typeOfKey(type, key)
    if (fieldType !== undefined) shape += shapeOfName(key) + creationShape(value, fieldType)
  }
  return `${shape}}`
}

/** With its length: names may hold any character. */
function shapeOfName(name: string): string {
  return `${name.length}:${name}`
}

function shapeOfLeaf(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 's' : '.'
  if (typeof value === 'object')
    return value === null ? 'n' : Array.isArray(value) ? (value.length === 0 ? 'a' : '.') : isEmpty(value) ? 'o' : '.'
  return value === 0 ? '0' : value === false ? 'f' : '.'
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}
