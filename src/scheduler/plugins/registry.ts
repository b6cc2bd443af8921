import type { Plugin } from '../framework/framework.ts'
import { nodeAffinity } from './nodeaffinity/node-affinity.ts'
import { nodeName } from './nodename/node-name.ts'
import { nodePorts } from './nodeports/node-ports.ts'
import { nodeResourcesBalancedAllocation } from './noderesources/balanced-allocation.ts'
import { nodeResourcesFit } from './noderesources/fit.ts'
import { nodeUnschedulable } from './nodeunschedulable/node-unschedulable.ts'
import { taintToleration } from './tainttoleration/taint-toleration.ts'

/** The default profile, in the order in which upstream asks. The first filter that rejects a node names the reason. */
export const defaultPlugins: readonly Plugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
  nodeResourcesBalancedAllocation,
]
