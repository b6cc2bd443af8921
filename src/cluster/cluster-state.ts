import type { AuditLog } from '#apiserver/audit/audit-log.ts'
import type { StoresState } from '#apiserver/registry/stores.ts'
import type { StoredObject } from '#apiserver/storage/stored-object.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { CompactionState } from '#controlplane/compaction.ts'
import type { MemoryLogStore, SimulatedImages } from '#cri/simulated/index.ts'
import type { MemoryStorage } from '#storage/memory/memory-storage.ts'
import type { ClusterFaultsState } from './cluster-faults.ts'
import type { ComponentsState } from './components.ts'
import type { SimulatedNodesState } from './simulated/simulated-nodes.ts'

/**
 * All that runs of a cluster, stopped at one moment: what it knows, and what it is about to do when. Nothing in it changes or runs; objects
 * are shared with the cluster that it was taken of. Any number of clusters may go on from it.
 */
export interface ClusterState {
  storage: MemoryStorage<StoredObject>
  audit: AuditLog
  clock: Clock
  random: Random
  images: SimulatedImages
  logs: MemoryLogStore
  /** Undefined while the API server is down. */
  server: StoresState | undefined
  faults: ClusterFaultsState
  compaction: CompactionState | undefined
  components: ComponentsState
  nodes: SimulatedNodesState
}
