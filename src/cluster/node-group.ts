import type { Taint } from '#api/core/v1/types.gen.ts'
import type { SimulatedNodeGroup } from './simulated/node-group.ts'

/** This machine as a node, with real containers: on Linux, as root, on the real clock. */
export interface MachineNodeGroup {
  runtime: 'containerd'
  count: 1
  labels?: Readonly<Record<string, string>>
  taints?: readonly Taint[]
  /** Name of the node. Default: the host's. */
  name?: string
  /** Images come from stand-ins on this machine, whether or not a registry can be reached, and Pods reach nothing outside of it. */
  offline?: boolean
}

/** Nodes of one kind. */
export type NodeGroup = SimulatedNodeGroup | MachineNodeGroup

export const isMachineGroup = (group: NodeGroup): group is MachineNodeGroup => group.runtime === 'containerd'
