import { hostPortsConflict, hostPortsOf } from '#api/core/v1/host-ports.ts'
import { podMatchesNode } from '#api/core/v1/node-affinity.ts'
import { podRequests } from '#api/core/v1/pod-resources.ts'
import { parseResourceList, type Quantities } from '#api/core/v1/resource-list.ts'
import { findUntoleratedTaint } from '#api/core/v1/taints.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'

export interface AdmissionInput {
  pod: Pod
  /** Pods of the node that have not ended. */
  others: readonly Pod[]
  allocatable: Record<string, string>
  /** Undefined while it is not known: its labels and taints are then not looked at. */
  node: Node | undefined
}

export interface Rejection {
  reason: string
  message: string
}

/** The kubelet's own check, after the scheduler's: undefined when the pod may run here. */
export function admitPod({ pod, others, allocatable, node }: AdmissionInput): Rejection | undefined {
  return checkSecurity(pod) ?? checkResources(pod, others, allocatable) ?? checkNode(pod, node) ?? checkPorts(pod, others)
}

/** Sysctls that pods cannot hurt each other with: upstream's list ("Using sysctls in a Kubernetes Cluster"). */
const safeSysctls = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
])

function checkSecurity({ spec }: Pod): Rejection | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    if (!safeSysctls.has(name.replaceAll('/', '.')))
      return { reason: 'SysctlForbidden', message: `forbidden sysctl: "${name}" not allowlisted` }
  }
  const holders = [spec, ...spec.containers, ...(spec.initContainers ?? [])]
  const profiles = holders.map(({ securityContext }) => securityContext?.appArmorProfile?.type)
  if (profiles.some(type => type !== undefined && type !== 'Unconfined'))
    return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' }
  return undefined
}

function checkResources(pod: Pod, others: readonly Pod[], allocatable: Record<string, string>): Rejection | undefined {
  const available = parseResourceList(allocatable)
  const podsMax = available['pods']?.value() ?? 0
  if (others.length + 1 > podsMax) return outOf('pods', { requested: 1, used: others.length, capacity: podsMax })
  const requests = podRequests(pod.spec)
  const wanted = Object.keys(requests).filter(name => amount(requests, name) > 0)
  if (wanted.length === 0) return undefined
  const taken = others.map(other => podRequests(other.spec))
  for (const name of wanted.sort(byImportance)) {
    const requested = amount(requests, name)
    const used = taken.reduce((sum, list) => sum + amount(list, name), 0)
    const capacity = amount(available, name)
    if (requested + used > capacity) return outOf(name, { requested, used, capacity })
  }
  return undefined
}

/** CPU in thousandths, all else in whole units: as upstream compares and prints them. */
function amount(list: Quantities, name: string): number {
  const quantity = list[name]
  if (quantity === undefined) return 0
  return name === 'cpu' ? quantity.milliValue() : quantity.value()
}

function byImportance(a: string, b: string): number {
  const order = ['cpu', 'memory', 'ephemeral-storage']
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length)
  return rank(a) - rank(b)
}

function outOf(resource: string, { requested, used, capacity }: { requested: number; used: number; capacity: number }): Rejection {
  const numbers = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
  return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${numbers}` }
}

function checkNode(pod: Pod, node: Node | undefined): Rejection | undefined {
  if (node === undefined) return undefined
  if (!podMatchesNode(pod.spec, node))
    return { reason: 'NodeAffinity', message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" }
  const taint = findUntoleratedTaint(node.spec?.taints, pod.spec.tolerations, ['NoExecute'])
  if (taint !== undefined)
    return { reason: 'TaintToleration', message: 'Predicate TaintToleration failed: node(s) had untolerated taint(s)' }
  return undefined
}

function checkPorts(pod: Pod, others: readonly Pod[]): Rejection | undefined {
  const wanted = hostPortsOf(pod.spec)
  if (wanted.length === 0) return undefined
  const taken = others.flatMap(({ spec }) => hostPortsOf(spec))
  const conflict = wanted.some(port => taken.some(other => hostPortsConflict(port, other)))
  return conflict
    ? { reason: 'NodePorts', message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports" }
    : undefined
}
