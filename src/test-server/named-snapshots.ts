import { newNotFound } from '#apimachinery/status/status.ts'
import type { ClusterSnapshot } from '#cluster/index.ts'

export interface NamedSnapshot {
  id: string
  /** The cluster's time then, RFC 3339. */
  time: string
}

/** Snapshots of a cluster, by a name that can be said in JSON. */
export class NamedSnapshots {
  readonly #snapshots = new Map<string, ClusterSnapshot>()
  #count = 0

  add(snapshot: ClusterSnapshot): NamedSnapshot {
    const id = String(++this.#count)
    this.#snapshots.set(id, snapshot)
    return describe(id, snapshot)
  }

  list(): NamedSnapshot[] {
    return [...this.#snapshots].map(([id, snapshot]) => describe(id, snapshot))
  }

  /** @throws StatusError NotFound */
  get(id: string): ClusterSnapshot {
    const found = this.#snapshots.get(id)
    if (found === undefined) throw newNotFound({ group: '', resource: 'snapshots' }, id)
    return found
  }

  /** @throws StatusError NotFound */
  remove(id: string): NamedSnapshot {
    const removed = describe(id, this.get(id))
    this.#snapshots.delete(id)
    return removed
  }
}

function describe(id: string, { time }: ClusterSnapshot): NamedSnapshot {
  return { id, time: new Date(time).toISOString() }
}
