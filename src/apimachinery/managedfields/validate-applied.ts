import { goText, isObject } from '../value/json-value.ts'
import { elementText } from './field-set.ts'
import { type FieldType, type ListFieldType, resolve, typeOfKey } from './field-type.ts'
import { elementOf, ListItemFault } from './list-items.ts'

/** What keeps an applied configuration from being of its type, as structured-merge-diff says it. */
export function appliedErrors(value: unknown, type: FieldType): string[] {
  const errors: string[] = []
  check(value, type, '', errors)
  return errors
}

/** One error as it is, several as a list. */
export function joinErrors(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : ['errors:', ...errors.map(error => `  ${error}`)].join('\n')
}

function check(value: unknown, declared: FieldType, path: string, errors: string[]): void {
  const type = resolve(declared, value)
  const fail = (message: string, at = path) => errors.push(at === '' ? message : `${at}: ${message}`)
  if (value === null || value === undefined) return
  if (type.kind === 'scalar') {
    if (type.json === 'any' || typeof value === type.json) return
    if (type.json === 'number') fail(`expected numeric (int or float), got ${goTypeName(value)}`)
    else fail(`expected ${type.json}, got &value.valueUnstructured{Value:${goText(value)}}`)
    return
  }
  if (type.kind === 'list') {
    if (!Array.isArray(value)) fail(`expected list, got &{${goText(value)}}`)
    else checkList(value, type, path, errors)
    return
  }
  if (!isObject(value)) {
    fail(`expected map, got &{${goText(value)}}`)
    return
  }
  for (const key of Object.keys(value).sort()) {
    const fieldType = typeOfKey(type, key)
    if (fieldType === undefined) fail('field not declared in schema', `${path}.${key}`)
    else check(value[key], fieldType, `${path}.${key}`, errors)
  }
}

function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  return isObject(value) ? 'map[string]interface {}' : typeof value === 'boolean' ? 'bool' : typeof value
}

function checkList(list: unknown[], type: ListFieldType, path: string, errors: string[]): void {
  const seen = new Set<string>()
  list.forEach((item, index) => {
    let element = `i:${index}`
    if (type.relation !== 'atomic') {
      try {
        element = elementOf(item, index, type)
      } catch (error) {
        if (!(error instanceof ListItemFault)) throw error
        errors.push(path === '' ? error.message : `${path}: ${error.message}`)
        return
      }
      if (seen.has(element)) errors.push(`${path}: duplicate entries for key ${elementText(element)}`)
      seen.add(element)
    }
    check(item, type.element, path + elementText(element), errors)
  })
}
