import type { PodSpec } from './types.gen.ts'

export interface HostPort {
  /** '' and '0.0.0.0' mean all addresses of the node. */
  hostIP: string
  protocol: string
  port: number
}

/** Ports of the node that the pod takes while it runs: those of regular containers and sidecars. */
export function hostPortsOf(spec: PodSpec): HostPort[] {
  const running = [...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'), ...spec.containers]
  return running.flatMap(container =>
    (container.ports ?? [])
      .filter(port => (port.hostPort ?? 0) > 0)
      .map(port => ({ hostIP: port.hostIP ?? '', protocol: port.protocol ?? 'TCP', port: port.hostPort! })),
  )
}

/** Same protocol and port, and addresses that meet: one of them is all addresses, or both are the same. */
export function hostPortsConflict(a: HostPort, b: HostPort): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false
  return isAny(a.hostIP) || isAny(b.hostIP) || a.hostIP === b.hostIP
}

function isAny(hostIP: string): boolean {
  return hostIP === '' || hostIP === '0.0.0.0' || hostIP === '::'
}
