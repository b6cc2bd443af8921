import { newNotFound } from '#apimachinery/status/status.ts'
import type { Cluster, ClusterSnapshot } from '#cluster/index.ts'
import { OrderedFaults } from './ordered-faults.ts'

export interface NamedSnapshot {
  id: string
  /** The cluster's time then, RFC 3339. */
  time: string
}

/** A cluster as it was, and what had been ordered through the control API. */
export interface KeptMoment {
  snapshot: ClusterSnapshot
  faults: OrderedFaults
}

export async function keep(cluster: Cluster, faults: OrderedFaults): Promise<KeptMoment> {
  return { snapshot: await cluster.snapshot(), faults: OrderedFaults.copyOf(faults, order => order) }
}

/** Snapshots of a cluster, by a name that can be said in JSON. */
export class NamedSnapshots {
  readonly #snapshots = new Map<string, KeptMoment>()
  #count = 0

  add(moment: KeptMoment): NamedSnapshot {
    const id = String(++this.#count)
    this.#snapshots.set(id, moment)
    return describe(id, moment)
  }

  list(): NamedSnapshot[] {
    return [...this.#snapshots].map(([id, moment]) => describe(id, moment))
  }

  /** @throws StatusError NotFound */
  get(id: string): KeptMoment {
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

function describe(id: string, { snapshot }: KeptMoment): NamedSnapshot {
  return { id, time: new Date(snapshot.time).toISOString() }
}
