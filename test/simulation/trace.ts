import type { StoredObject } from '#apiserver/storage/stored-object.ts'
import type { Cluster } from '#cluster/index.ts'
import type { StorageEvent } from '#storage/storage.ts'

/** Writes down every write from now on. */
export async function traceOf(cluster: Cluster): Promise<string[]> {
  const { storage } = cluster
  const trace: string[] = []
  const line = ({ revision, type, key, value }: StorageEvent<StoredObject>) => `${revision} ${type} ${key} ${Buffer.from(value.encode())}`
  await storage.watch({ prefix: '/', afterRevision: storage.revision }, events => trace.push(...events.map(line)))
  return trace
}

/** Where two lists part; undefined when they are the same. */
export function firstDifference(left: readonly string[], right: readonly string[]): unknown {
  const index = left.findIndex((line, at) => line !== right[at])
  if (index < 0) return left.length === right.length ? undefined : { lengths: [left.length, right.length], next: right[left.length] }
  return { index, lengths: [left.length, right.length], left: left[index], right: right[index] }
}
