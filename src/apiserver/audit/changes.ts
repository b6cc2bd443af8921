import type { FieldSchema, MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { deepEqual, isObject, type JSONObject } from '#apimachinery/value/json-value.ts'
import type { Change } from '#client/why.ts'

export interface ChangeOptions {
  /** Of the object; undefined when it is not known: then lists are compared as a whole. */
  schema: MessageSchema | undefined
  registry: SchemaRegistry
  /** Paths below which values are not told. */
  secretFields?: readonly string[]
}

/** What the server keeps for itself: it changes with every write. */
const bookkeeping: ReadonlySet<string> = new Set(['metadata.managedFields', 'metadata.resourceVersion', 'metadata.generation'])

/** What differs between two versions of an object, field by field. Elements of lists are told apart by what the schema says is their key. */
export function changesBetween(before: object, after: object, options: ChangeOptions): Change[] {
  const changes: Change[] = []
  compareFields('', before as JSONObject, after as JSONObject, options.schema, { options, changes })
  const { secretFields = [] } = options
  const isSecret = ({ path }: Change) => secretFields.some(field => path === field || path.startsWith(`${field}.`))
  return changes.map(change => (isSecret(change) ? { path: change.path, isSecret: true } : change))
}

interface Comparison {
  options: ChangeOptions
  changes: Change[]
}

function compareFields(at: string, before: JSONObject, after: JSONObject, schema: MessageSchema | undefined, to: Comparison): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const path = at === '' ? name : `${at}.${name}`
    if (!bookkeeping.has(path)) compare(path, before[name], after[name], schema?.fields[name], to)
  }
}

function compare(path: string, before: unknown, after: unknown, field: FieldSchema | undefined, to: Comparison): void {
  if (deepEqual(before, after)) return
  const schema = field === undefined || field.shape === 'map' ? undefined : to.options.registry.get(field.type)
  const [old, now] = [before ?? [], after ?? []]
  if (isListOfObjects(old) && isListOfObjects(now)) compareLists(path, old, now, keysOf(field, [old, now]), schema, to)
  else compareValues(path, before, after, schema, to)
}

function compareLists(
  path: string,
  before: readonly JSONObject[],
  after: readonly JSONObject[],
  keys: readonly string[] | undefined,
  schema: MessageSchema | undefined,
  to: Comparison,
): void {
  if (keys === undefined) {
    // Nothing tells which element became which: some came, some went.
    for (const old of before) if (!after.some(other => deepEqual(old, other))) to.changes.push({ path: `${path}[]`, before: old })
    for (const now of after) if (!before.some(other => deepEqual(now, other))) to.changes.push({ path: `${path}[]`, after: now })
    return
  }
  const [old, now] = [elementsOf(before, keys), elementsOf(after, keys)]
  for (const key of new Set([...old.keys(), ...now.keys()])) compareValues(`${path}[${key}]`, old.get(key), now.get(key), schema, to)
}

function compareValues(path: string, before: unknown, after: unknown, schema: MessageSchema | undefined, to: Comparison): void {
  const [old, now] = [before ?? {}, after ?? {}]
  if (isObject(old) && isObject(now) && (Object.keys(old).length > 0 || Object.keys(now).length > 0)) {
    compareFields(path, old, now, schema, to)
  } else if (!deepEqual(before, after)) {
    to.changes.push({ path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) })
  }
}

function keysOf(field: FieldSchema | undefined, lists: readonly (readonly JSONObject[])[]): readonly string[] | undefined {
  if (field?.listType === 'map') return field.listMapKeys
  if (field?.patchMergeKey !== undefined) return [field.patchMergeKey]
  // Some lists are written as a whole, but their elements have names all the same (container statuses).
  return lists.every(haveNames) ? ['name'] : undefined
}

function haveNames(list: readonly JSONObject[]): boolean {
  return new Set(list.map(({ name }) => name)).size === list.length && list.every(({ name }) => typeof name === 'string')
}

function isListOfObjects(value: unknown): value is JSONObject[] {
  return Array.isArray(value) && value.every(isObject)
}

function elementsOf(list: readonly JSONObject[], keys: readonly string[]): Map<string, JSONObject> {
  return new Map(list.map(element => [keys.map(key => String(element[key] ?? '')).join(','), element]))
}
