import type { Cluster } from '#cluster/index.ts'
import type { KeptMoment, NamedSnapshots } from './named-snapshots.ts'
import type { OrderedFaults } from './ordered-faults.ts'
import type { TimeClaims } from './time-claims.ts'

/** How other programs reach a cluster. */
export interface ClusterEndpoint {
  /** Path of a file, for kubectl and every client library. */
  kubeconfig: string
  /** Of the Kubernetes API. */
  url: string
  /** Where the control API of this cluster begins. Whoever knows it may use it: keep it as you keep the kubeconfig. */
  control: string
}

/** A cluster that the test server runs for others. */
export interface HostedCluster {
  readonly cluster: Cluster
  readonly endpoint: ClusterEndpoint
  /** What was ordered through the control API. */
  readonly faults: OrderedFaults
  /** In a folder. What is set back goes on in memory, so that such a cluster must not be. */
  readonly isKept: boolean
  /** As it was when it started, or was forked. */
  readonly beginning: KeptMoment
  readonly snapshots: NamedSnapshots
  readonly time: TimeClaims
  /** Another cluster that is the same now, with an endpoint of its own. */
  fork(): Promise<ClusterEndpoint>
  /** Ends the cluster; if it is the first one the whole server, soon after this resolves. */
  stop(): Promise<void>
}
