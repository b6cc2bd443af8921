import type { Service } from './types.gen.ts'

/** `clusterIP: None`: names resolve to the endpoints themselves. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIPs?.length === 1 ? spec.clusterIPs[0] === 'None' : (spec.clusterIPs ?? []).length === 0 && spec.clusterIP === 'None'
}

/** Reachable from outside the cluster, so that externalTrafficPolicy has a meaning. */
export function isExternallyAccessible({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
}

export function needsHealthCheck({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

/** Whether each port of the service gets a port of the nodes. */
export function needsNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

export function needsClusterIP({ spec }: Service): boolean {
  return spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer'
}
