import type { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import type { RecorderState } from '#client/events/event-recorder.ts'
import type { NodeLeaseState } from './node/node-lease.ts'
import type { NodeReporterState } from './node/node-reporter.ts'
import type { PodWorkerState } from './pod/pod-worker.ts'
import type { ProberState } from './prober/prober.ts'
import type { RuntimeStateMemory } from './runtime/runtime-state.ts'
import type { StatusesState } from './status-manager.ts'
import type { VolumesState } from './volumes/volume-manager.ts'

/**
 * All that a kubelet knows beyond the API and the runtime, so that a copy of it goes on in its place. A kubelet that starts without it finds
 * out again what matters, but forgets the counters of probes and events, and when it wanted to do what.
 */
export interface KubeletState {
  /** Whether pods were looked after already. */
  knowsBothSides: boolean
  events: RecorderState
  node: NodeReporterState
  lease: NodeLeaseState
  runtime: RuntimeStateMemory
  statuses: StatusesState
  volumes: VolumesState
  /** By pod UID. Nobody changes the map. */
  workers: CopyOnWriteMap<string, PodWorkerState>
  probes: ProberState
}
