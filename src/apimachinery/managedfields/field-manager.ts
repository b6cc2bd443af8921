import { shared } from '#base/shared-text.ts'
import { zeroObject } from '../codec/decoder.ts'
import type { ManagedFieldsEntry, ObjectMeta } from '../meta/v1/types.gen.ts'
import { parseAPIVersion } from '../resource/resource-info.ts'
import type { MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { newApplyConflict, newBadRequest, StatusError } from '../status/status.ts'
import { deepEqual, type JSONObject } from '../value/json-value.ts'
import { compare, type Comparison } from './compare.ts'
import { creationShape } from './creation-shape.ts'
import { difference, emptySet, type FieldSet, intersection, isEmpty, pathsOf, recursiveDifference, setOfPaths, union } from './field-set.ts'
import { FieldSetPool } from './field-set-pool.ts'
import { fieldSetOf } from './field-set-of.ts'
import { type FieldType, typeOfMessage } from './field-type.ts'
import { capUpdateManagers, decodeManagers, encodeManagers, isSameManager, type Manager, managerText, readManagers } from './managers.ts'
import { mergeApplied } from './merge.ts'
import { prune } from './prune.ts'
import { appliedErrors, joinErrors } from './validate-applied.ts'

export interface FieldManagerOptions {
  /** Left out for objects without a schema: lists are then owned as a whole. */
  schema?: MessageSchema | undefined
  registry: SchemaRegistry
  apiVersion: string
  kind: string
  /** Entries of a subresource are kept apart. */
  subresource?: string | undefined
  /** Fields that the endpoint resets (`[['status']]`): nobody becomes their owner here. */
  resetFields?: readonly (readonly string[])[] | undefined
}

interface AnyObject {
  metadata: ObjectMeta
}

const shapesMax = 256
const shapeLengthMax = 4_096

/** Nobody owns what identifies an object or is made by the server. */
const unowned = setOfPaths([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map(
    name => ['metadata', name],
  ),
])

/**
 * Keeps `metadata.managedFields` and carries out server-side apply for one endpoint. Behaviour: KEP-555 and k8s.io/apimachinery
 * `util/managedfields`; ownership is not converted between versions, since the stored form of fields is the same in all of ours.
 */
export class FieldManager {
  readonly #type: FieldType
  readonly #options: FieldManagerOptions
  readonly #reset: FieldSet
  readonly #empty: JSONObject
  readonly #pool = new FieldSetPool()
  /** What belongs to whoever creates an object, by its shape. */
  readonly #setsOfCreations = new Map<string, FieldSet>()

  constructor(options: FieldManagerOptions) {
    this.#options = options
    this.#type = typeOfMessage(options.schema, options.registry)
    this.#reset = setOfPaths(options.resetFields ?? [])
    this.#empty = options.schema === undefined ? { metadata: {} } : zeroObject(options.schema, options.registry)
  }

  /**
   * Records a create (`live` undefined), update or patch: sets `object.metadata.managedFields` and changes nothing else.
   * @param object as it will be stored, defaulted and admitted
   * @param time of the operation, RFC 3339
   */
  update(live: AnyObject | undefined, object: AnyObject, manager: string, time: string): void {
    const given = object.metadata.managedFields
    // Neither owned nor compared.
    if (given !== live?.metadata.managedFields) object.metadata.managedFields = live?.metadata.managedFields
    const before = this.#managersOf(live?.metadata.managedFields, given)
    if (before.length === 0) {
      // What was never tracked, or whose tracking a client has cleared, stays untracked until somebody applies.
      const entries = live === undefined ? this.#recordCreation(asJSON(object), manager, time) : undefined
      setManagedFields(object.metadata, entries)
      return
    }
    const managers = this.#recordUpdate(asJSON(live ?? this.#empty), asJSON(object), before, manager, time)
    setManagedFields(object.metadata, encodeManagers(managers, this.#pool))
  }

  /**
   * Merges an applied configuration (as given: not defaulted, no zero values filled in) into the live object.
   * @param live undefined when the object does not exist yet
   * @returns the merged object with its managedFields; parts may be shared with `live` and `applied`, emptied fields may be null, so
   * it must be decoded again before use. `changed` is false when fields and owners stay as they are.
   * @throws StatusError Conflict when other managers own changed fields and `force` is not set, BadRequest
   */
  apply(
    live: AnyObject | undefined,
    applied: JSONObject,
    manager: string,
    { force, time }: { force: boolean; time: string },
  ): { object: JSONObject; changed: boolean } {
    this.#checkApplied(applied)
    const current = asJSON(live ?? { ...this.#empty, ...typeMetaOf(this.#options) })
    let managers: readonly Manager[] = readManagers(live?.metadata.managedFields)
    if (managers.length === 0) managers = this.#recordUpdate(this.#empty, current, [], 'before-first-apply', time)
    const own: Manager = {
      ...this.#identity(manager, 'Apply'),
      time,
      set: this.#ownable(fieldSetOf(applied, this.#type)),
      source: undefined,
    }
    const previous = managers.find(candidate => isSameManager(candidate, own))
    const others = managers.filter(candidate => candidate !== previous)
    const merged = mergeApplied(current, applied, this.#type)
    const object = prune({ merged, type: this.#type, last: previous?.set, managed: [...others, own].map(({ set }) => set) })
    const before = withoutManagedFields(current)
    const after = withoutManagedFields(object)
    const changes = compare(before, after, this.#type)
    const comparison = this.#withoutReset(changes)
    const conflicts = conflictsOf(others, comparison)
    if (conflicts.length > 0 && !force) throw conflictError(conflicts)
    const kept = others.map(other => withoutFields(other, union(comparison.removed, union(comparison.added, comparison.modified))))
    own.set = difference(own.set, unowned)
    const isNoop = isEmptyComparison(changes) && deepEqual(before, after)
    if (isNoop) own.time = previous?.time
    const entries = encodeManagers([...kept, own], this.#pool)
    const metadata: JSONObject = { ...(object['metadata'] as JSONObject | undefined) }
    setManagedFields(metadata, entries)
    return { object: { ...object, metadata }, changed: !isNoop || !deepEqual(entries, live?.metadata.managedFields) }
  }

  #identity(manager: string, operation: 'Apply' | 'Update'): Pick<Manager, 'manager' | 'operation' | 'apiVersion' | 'subresource'> {
    const { apiVersion, subresource = '' } = this.#options
    return { manager: manager === '' ? 'unknown' : shared(manager), operation, apiVersion, subresource }
  }

  /** Clients may change managedFields directly, but not through a subresource; what is empty or malformed is replaced by the live ones. */
  #managersOf(live: ManagedFieldsEntry[] | undefined, given: ManagedFieldsEntry[] | undefined): Manager[] {
    if (!this.#options.subresource && given !== undefined && !deepEqual(given, live)) {
      if (given.length === 0 || (given.length === 1 && Object.keys(given[0]!).length === 0)) return []
      const managers = decodeManagers(given)
      if (managers !== undefined) return managers
    }
    return readManagers(live)
  }

  /** Most objects of a kind are made by few programs, each time with the same fields. */
  #recordCreation(object: JSONObject, name: string, time: string): ManagedFieldsEntry[] | undefined {
    const shape = creationShape(object, this.#type)
    const known = this.#setsOfCreations.get(shape)
    const managers =
      known === undefined
        ? this.#recordUpdate(this.#empty, object, [], name, time)
        : [{ ...this.#identity(name, 'Update'), time, set: known, source: undefined }]
    const entries = encodeManagers(managers, this.#pool)
    if (known === undefined && shape.length <= shapeLengthMax) {
      if (this.#setsOfCreations.size >= shapesMax) this.#setsOfCreations.clear()
      this.#setsOfCreations.set(shape, (entries?.[0]?.fieldsV1 ?? emptySet) as FieldSet)
    }
    return entries
  }

  #recordUpdate(live: JSONObject, object: JSONObject, managers: readonly Manager[], name: string, time: string): readonly Manager[] {
    const comparison = this.#withoutReset(compare(live, object, this.#type))
    const taken = union(comparison.added, comparison.modified)
    const lost = union(taken, comparison.removed)
    if (isEmpty(lost)) return managers
    const own = difference(taken, unowned)
    const identity = this.#identity(name, 'Update')
    const index = isEmpty(own) ? -1 : managers.findIndex(manager => isSameManager(manager, identity))
    const result = managers.map((manager, at) =>
      at === index ? withOwn(manager, own, comparison.removed, time) : withoutFields(manager, lost),
    )
    if (index < 0 && !isEmpty(own)) result.push({ ...identity, time, set: own, source: undefined })
    return capUpdateManagers(result.filter(manager => !isEmpty(manager.set)))
  }

  #withoutReset(comparison: Comparison): Comparison {
    if (isEmpty(this.#reset)) return comparison
    const { added, modified, removed } = comparison
    return { added: this.#ownable(added), modified: this.#ownable(modified), removed: this.#ownable(removed) }
  }

  #ownable(set: FieldSet): FieldSet {
    return recursiveDifference(set, this.#reset)
  }

  #checkApplied(applied: JSONObject): void {
    const { apiVersion, kind } = this.#options
    if (applied['apiVersion'] !== apiVersion || applied['kind'] !== kind) {
      const { group, version } = parseAPIVersion(String(applied['apiVersion'] ?? ''))
      throw newBadRequest(`invalid object type: ${group}/${version}, Kind=${String(applied['kind'] ?? '')}`)
    }
    const metadata = applied['metadata'] as ObjectMeta | null | undefined
    if (metadata?.managedFields !== undefined && metadata.managedFields !== null) throw newBadRequest('metadata.managedFields must be nil')
    const errors = appliedErrors(applied, this.#type)
    if (errors.length === 0) return
    const { group, version } = parseAPIVersion(apiVersion)
    const name = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${group}/${version}, Kind=${kind}`
    const message = `failed to create typed patch object (${name}): ${joinErrors(errors)}`
    throw new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 })
  }
}

function asJSON(object: object): JSONObject {
  return object as JSONObject
}

function typeMetaOf({ apiVersion, kind }: FieldManagerOptions): JSONObject {
  return { apiVersion, kind }
}

function setManagedFields(metadata: object, entries: ManagedFieldsEntry[] | undefined): void {
  const target = metadata as { managedFields?: ManagedFieldsEntry[] }
  if (entries === undefined) delete target.managedFields
  else target.managedFields = entries
}

function withoutManagedFields(object: JSONObject): JSONObject {
  const metadata = object['metadata'] as JSONObject | null | undefined
  if (metadata?.['managedFields'] === undefined) return object
  return { ...object, metadata: { ...metadata, managedFields: undefined } }
}

function withoutFields(manager: Manager, fields: FieldSet): Manager {
  const set = difference(manager.set, fields)
  return set === manager.set ? manager : { ...manager, set, source: undefined }
}

/** What somebody sets who owned it already costs no new entry within a second. */
function withOwn(manager: Manager, own: FieldSet, removed: FieldSet, time: string): Manager {
  const set = union(difference(manager.set, removed), own)
  if (set !== manager.set || manager.source === undefined) return { ...manager, time, set, source: undefined }
  return time === manager.time ? manager : { ...manager, time, source: { ...manager.source, time } }
}

function isEmptyComparison({ added, modified, removed }: Comparison): boolean {
  return isEmpty(added) && isEmpty(modified) && isEmpty(removed)
}

interface Conflict {
  manager: Manager
  paths: string[]
}

function conflictsOf(others: readonly Manager[], { added, modified }: Comparison): Conflict[] {
  const changed = union(added, modified)
  return others
    .map(manager => ({ manager, paths: pathsOf(intersection(manager.set, changed)) }))
    .filter(({ paths }) => paths.length > 0)
    .sort((a, b) => (managerText(a.manager) < managerText(b.manager) ? -1 : 1))
}

function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes = conflicts.flatMap(({ manager, paths }) =>
    paths.map(field => ({ reason: 'FieldManagerConflict', message: `conflict with ${managerText(manager)}`, field })),
  )
  const [first] = causes
  if (causes.length === 1) return newApplyConflict(causes, `Apply failed with 1 conflict: ${first!.message}: ${first!.field}`)
  const lines = conflicts.flatMap(({ manager, paths }) => [`conflicts with ${managerText(manager)}:`, ...paths.map(path => `- ${path}`)])
  return newApplyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`)
}
