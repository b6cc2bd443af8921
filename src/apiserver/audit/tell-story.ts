import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import type { RecordedWrite, StoryAnswer } from '#client/why.ts'
import { StorageError } from '#storage/storage.ts'
import type { ResourceStore } from '../registry/resource-store.ts'
import type { AuditLog } from './audit-log.ts'
import type { AuditRecord } from './audit-record.ts'
import { type ChangeOptions, changesBetween } from './changes.ts'
import { auditLimits } from './limits.ts'

/** What a story is told from. */
export interface StorySources {
  audit: AuditLog
  /** The store that has the key. */
  storeOf(key: string): ResourceStore | undefined
  changeOptionsOf(store: ResourceStore): ChangeOptions
}

/** How the object of a key came to be as it is, or to be gone: its writes, and those that led to them. */
export async function tellStory(key: string, sources: StorySources): Promise<StoryAnswer> {
  const { audit } = sources
  const own = writesOf(key, audit)
  const causes = causesOf(own, audit)
  const tell = (records: readonly AuditRecord[]) => Promise.all(records.map(record => tellWrite(record, sources)))
  const [writes, earlier] = await Promise.all([tell(own), tell(causes)])
  const oldest = audit.oldest
  return {
    writes: writes.filter(write => write !== undefined),
    causes: earlier.filter(write => write !== undefined),
    ...earlierOf(own, audit),
    recordedSince: oldest === undefined ? undefined : timeText(oldest.timeMs),
  }
}

/** The newest life of the object, oldest write first. */
function writesOf(key: string, audit: AuditLog): AuditRecord[] {
  const writes: AuditRecord[] = []
  for (const record of audit.newestFirst()) {
    if (record.key !== key) continue
    writes.push(record)
    if (record.previousRevision === 0 || writes.length === auditLimits.storyWritesMax) break
  }
  return writes.reverse()
}

function earlierOf([first]: readonly AuditRecord[], audit: AuditLog): Pick<StoryAnswer, 'earlier'> {
  if (first?.previousRevision === 0) return {}
  return { earlier: first !== undefined && audit.get(first.previousRevision) !== undefined ? 'many' : 'lost' }
}

/** What these writes go back to, and they themselves not; in the order in which it happened. */
function causesOf(writes: readonly AuditRecord[], audit: AuditLog): AuditRecord[] {
  const told = new Set(writes)
  const causes: AuditRecord[] = []
  for (const write of writes) {
    let cause = causeOf(write, audit)
    for (let depth = 0; depth < auditLimits.storyDepthMax && cause !== undefined && !told.has(cause); depth++) {
      told.add(cause)
      causes.push(cause)
      cause = causeOf(cause, audit)
    }
  }
  return causes.sort((left, right) => left.revision - right.revision)
}

function causeOf({ cause, revision }: AuditRecord, audit: AuditLog): AuditRecord | undefined {
  const seen = Number(cause?.resourceVersion)
  // What comes later is no cause, whatever somebody says.
  return seen < revision ? audit.get(seen) : undefined
}

/** Undefined for an object of a resource that is not served any more. */
async function tellWrite(record: AuditRecord, sources: StorySources): Promise<RecordedWrite | undefined> {
  const store = sources.storeOf(record.key)
  if (store === undefined) return undefined
  const { info } = store.resource
  const { namespace, name } = store.namesOf(record.key)
  return {
    resourceVersion: String(record.revision),
    time: timeText(record.timeMs),
    object: { apiVersion: apiVersionOf(info), kind: info.kind, ...(namespace !== undefined && { namespace }), name },
    effect: record.effect,
    verb: record.verb,
    ...(record.subresource !== '' && { subresource: record.subresource }),
    user: record.user,
    userAgent: record.userAgent,
    ...(record.fieldManager !== '' && { fieldManager: record.fieldManager }),
    ...(record.cause !== undefined && { cause: record.cause }),
    changes: await changesOf(record, store, sources.changeOptionsOf(store)),
  }
}

async function changesOf(record: AuditRecord, store: ResourceStore, options: ChangeOptions): Promise<RecordedWrite['changes']> {
  const { revision, effect } = record
  if (effect === 'created' || effect === 'deleted') return []
  try {
    // Just before the write: the version before may be so old that reads at its own revision are refused.
    const { namespace, name } = store.namesOf(record.key)
    const [before, after] = await Promise.all([revision - 1, revision].map(at => store.entryAt(namespace, name, at)))
    return before === undefined || after === undefined ? undefined : changesBetween(before.object, after.object, options)
  } catch (error) {
    if (error instanceof StorageError && error.code === 'Compacted') return undefined
    throw error
  }
}

function timeText(ms: number): string {
  return new Date(ms).toISOString()
}
