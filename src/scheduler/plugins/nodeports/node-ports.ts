import { hostPortsOf } from '#api/core/v1/host-ports.ts'
import type { Plugin } from '../../framework/framework.ts'

const rejection = { reasons: ["node(s) didn't have free ports for the requested pod ports"], resolvable: true }

/** Two pods cannot have one host port of a node. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  filterConcerns: ({ hostPorts }) => hostPorts.length > 0,
  filter: ({ hostPorts }, node) => (node.hasHostPortConflict(hostPorts) ? rejection : undefined),
  wakesOn: change => change.type === 'node-added' || (change.type === 'pod-removed' && hostPortsOf(change.pod.spec).length > 0),
}
