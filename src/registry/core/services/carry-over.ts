import { semanticEqual } from '#api/core/v1/equality.ts'
import { isExternallyAccessible, isHeadless, needsClusterIP, needsHealthCheck, needsNodePorts } from '#api/core/v1/service-kinds.ts'
import type { Service } from '#api/core/v1/types.gen.ts'

/** `clusterIP` is the first of `clusterIPs`: who writes one of the two means both. */
export function syncClusterIPs({ spec }: Service, old: Service | undefined): void {
  if (old === undefined) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  const isSameList = semanticEqual(spec.clusterIPs, old.spec.clusterIPs)
  if (!spec.clusterIP) {
    if (old.spec.clusterIP && isSameList) delete spec.clusterIPs
  } else if (old.spec.clusterIP !== spec.clusterIP && isSameList) {
    spec.clusterIPs = [spec.clusterIP]
  }
}

/** An update that leaves out what the server once gave keeps it. */
export function keepAllocated(service: Service, old: Service): void {
  const { spec } = service
  if (needsClusterIP(service) && needsClusterIP(old)) {
    spec.clusterIP ||= old.spec.clusterIP
    if (!spec.clusterIPs?.length && spec.clusterIP === old.spec.clusterIP) spec.clusterIPs = old.spec.clusterIPs
  }
  if (needsNodePorts(service) && needsNodePorts(old)) keepNodePorts(service, old)
  if (needsHealthCheck(service) && needsHealthCheck(old)) spec.healthCheckNodePort ||= old.spec.healthCheckNodePort
}

function keepNodePorts({ spec }: Service, old: Service): void {
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort).filter(Boolean))
  const byName = new Map((old.spec.ports ?? []).map(({ name, nodePort }) => [name ?? '', nodePort]))
  for (const port of spec.ports ?? []) {
    const before = byName.get(port.name ?? '')
    if (port.nodePort || !before || used.has(before)) continue
    port.nodePort = before
    used.add(before)
  }
}

/** A change of the type drops what only the old type had, if the user has not touched it. */
export function dropLeftOvers(service: Service, old: Service): void {
  const { spec } = service
  const drop = (...fields: (keyof Service['spec'])[]) => {
    for (const field of fields) if (semanticEqual(spec[field], old.spec[field])) delete spec[field]
  }
  if (needsClusterIP(old) && !needsClusterIP(service)) {
    if (semanticEqual(spec.clusterIPs, old.spec.clusterIPs)) drop('clusterIP', 'clusterIPs')
    drop('ipFamilies', 'ipFamilyPolicy')
  }
  if (needsNodePorts(old) && !needsNodePorts(service) && sameNodePorts(service, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheck(old) && !needsHealthCheck(service)) drop('healthCheckNodePort')
  if (old.spec.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') drop('allocateLoadBalancerNodePorts', 'loadBalancerClass')
  if (isExternallyAccessible(old) && !isExternallyAccessible(service)) drop('externalTrafficPolicy')
  if (isHeadless(service) && spec.clusterIPs === undefined) spec.clusterIPs = ['None']
}

/** None that was not there before. */
function sameNodePorts({ spec }: Service, old: Service): boolean {
  const before = new Set((old.spec.ports ?? []).map(({ nodePort }) => nodePort))
  return (spec.ports ?? []).every(({ nodePort }) => !nodePort || before.has(nodePort))
}
