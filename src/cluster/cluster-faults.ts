import type { RequestFaults } from '#apiserver/faults/request-faults.ts'
import type { ServerFaults } from '#apiserver/faults/server-faults.ts'
import type { WatchFaults } from '#apiserver/faults/watch-faults.ts'
import type { SimulatedNodes } from './simulated/simulated-nodes.ts'

export interface ClusterFaultsOptions {
  server: ServerFaults
  nodes: SimulatedNodes
}

/** Lets things go wrong in a cluster. What concerns one node is at `nodes.get(name).faults`. */
export class ClusterFaults {
  /** Requests that fail, wait, get no answer, or read the state of before. */
  readonly requests: RequestFaults
  /** Watches that lose events or get them late, or break. */
  readonly watches: WatchFaults
  readonly #options: ClusterFaultsOptions

  constructor(options: ClusterFaultsOptions) {
    this.#options = options
    this.requests = options.server.requests
    this.watches = options.server.watches
  }

  /** Everything works again: what was ordered and has not happened yet is forgotten, what is delayed goes on. */
  clear(): void {
    this.#options.server.clear()
    for (const node of this.#options.nodes) node.faults.clear()
  }
}
