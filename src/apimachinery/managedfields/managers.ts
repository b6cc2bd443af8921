import type { ManagedFieldsEntry } from '../meta/v1/types.gen.ts'
import { quote } from '../text/quote.ts'
import type { FieldSetPool } from './field-set-pool.ts'
import { emptySet, type FieldSet, isEmpty, isFieldSet, sorted, union } from './field-set.ts'

/** Who owns which fields, by one kind of operation. */
export interface Manager {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  time: string | undefined
  set: FieldSet
  /** The entry that it was read from, as long as nothing changed. */
  source: ManagedFieldsEntry | undefined
}

const updateManagersMax = 10
const oldUpdatesManager = 'ancient-changes'

/** Whether two entries are of the same owner: an applier's version does not matter. */
export function isSameManager(a: Omit<Manager, 'time' | 'set' | 'source'>, b: Omit<Manager, 'time' | 'set' | 'source'>): boolean {
  if (a.manager !== b.manager || a.operation !== b.operation || a.subresource !== b.subresource) return false
  return a.operation === 'Apply' || a.apiVersion === b.apiVersion
}

/**
 * Reads entries that a client sent.
 * @returns undefined when one is malformed
 */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Manager[] | undefined {
  for (const { operation, apiVersion, fieldsType, fieldsV1 } of entries) {
    if ((operation !== 'Apply' && operation !== 'Update') || !apiVersion || fieldsType !== 'FieldsV1') return undefined
    if (fieldsV1 !== undefined && !isFieldSet(fieldsV1)) return undefined
  }
  return readManagers(entries)
}

/** Reads entries that were checked when they were stored. */
export function readManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map(entry => {
    const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsV1 } = entry
    const set = (fieldsV1 ?? emptySet) as FieldSet
    return { manager, operation: operation === 'Apply' ? 'Apply' : 'Update', apiVersion, subresource, time, set, source: entry }
  })
}

/** The entries in upstream's order: appliers first, then by time, name, version, subresource. */
export function encodeManagers(managers: readonly Manager[], pool: FieldSetPool): ManagedFieldsEntry[] | undefined {
  const kept = managers.filter(manager => !isEmpty(manager.set))
  if (kept.length === 0) return undefined
  return kept.toSorted(compareManagers).map(manager => manager.source ?? encodeManager(manager, pool))
}

function encodeManager({ manager, operation, apiVersion, time, subresource, set }: Manager, pool: FieldSetPool): ManagedFieldsEntry {
  const entry: ManagedFieldsEntry = { manager, operation, apiVersion }
  if (time !== undefined) entry.time = time
  entry.fieldsType = 'FieldsV1'
  entry.fieldsV1 = pool.of(manager, sorted(set)) as Record<string, unknown>
  if (subresource !== '') entry.subresource = subresource
  return entry
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    compareText(a.time ?? '', b.time ?? '') ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Merges the oldest updaters of a version into one entry, so that at most ten updaters are kept. */
export function capUpdateManagers(managers: readonly Manager[]): readonly Manager[] {
  if (managers.length <= updateManagersMax) return managers
  const updaters = managers.filter(manager => manager.operation === 'Update').sort(compareManagers)
  let excess = updaters.length - updateManagersMax
  if (excess <= 0) return managers
  const firstOfVersion = new Map<string, Manager>()
  const kept = new Set(managers)
  for (const updater of updaters) {
    if (excess <= 0) break
    const first = firstOfVersion.get(updater.apiVersion)
    if (first === undefined) {
      firstOfVersion.set(updater.apiVersion, updater)
      continue
    }
    const bucket: Manager = {
      manager: oldUpdatesManager,
      operation: 'Update',
      apiVersion: updater.apiVersion,
      subresource: '',
      time: updater.time,
      set: union(first.set, updater.set),
      source: undefined,
    }
    kept.delete(first)
    kept.delete(updater)
    kept.add(bucket)
    firstOfVersion.set(updater.apiVersion, bucket)
    excess--
  }
  return [...kept]
}

/** As conflicts name a manager: `"kubectl" with subresource "status" using v1`. */
export function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = subresource === '' ? quote(manager) : `${quote(manager)} with subresource ${quote(subresource)}`
  return operation === 'Update' ? `${name} using ${apiVersion}` : name
}
