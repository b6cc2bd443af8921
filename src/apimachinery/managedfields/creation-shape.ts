import { isEmptyObject, isObject } from '../value/json-value.ts'
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

/** Zero values differ: which of them a new object has depends on the field. */
function shapeOfLeaf(value: unknown): string {
  const isZero = typeof value === 'object' && value !== null ? isEmptyObject(value) : !value
  return isZero ? JSON.stringify(value) : '.'
}
