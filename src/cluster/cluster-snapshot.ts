import type { ClusterState } from './cluster-state.ts'
import type { ClusterPKI } from './pki/cluster-pki.ts'
import type { ClusterConstants } from './running-cluster.ts'

export interface ClusterSnapshotParts {
  state: ClusterState
  constants: ClusterConstants
  pki: ClusterPKI
  contextName: string
}

/**
 * A cluster stopped at one moment, to go back to (`cluster.restore`) or to start others from (`startCluster({ from })`), as often as one likes,
 * also when the cluster that it was taken of is gone. It runs nothing; disposing is not needed.
 */
export class ClusterSnapshot {
  /** For `startCluster` and `restore`. */
  readonly parts: ClusterSnapshotParts

  constructor(parts: ClusterSnapshotParts) {
    this.parts = parts
  }

  /** The cluster's time then, in milliseconds since 1970. */
  get time(): number {
    return this.parts.state.clock.now()
  }

  /** The revision of the newest write. */
  get revision(): number {
    return this.parts.state.storage.revision
  }
}
