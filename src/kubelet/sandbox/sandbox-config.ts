import { hostPortsOf } from '#api/core/v1/host-ports.ts'
import type { Container, Pod } from '#api/core/v1/types.gen.ts'
import type { PodSandboxConfigInit } from '#cri/cri.ts'
import { Protocol } from '#cri/gen/runtime.gen.ts'
import type { DNSConfig } from '../container/dns.ts'
import { linuxResources } from '../container/resources.ts'
import { sandboxSecurity } from '../container/security-context.ts'
import { sandboxAnnotations, sandboxLabels } from '../runtime/labels.ts'

export interface SandboxConfigInput {
  pod: Pod
  attempt: number
  /** When the kubelet first saw the pod, as an API time. */
  seenAt: string
  hostname: string
  logDirectory: string
  dns: DNSConfig
  cgroupParent: string
  seccompRoot: string
}

export function sandboxConfig(input: SandboxConfigInput): PodSandboxConfigInit {
  const { pod, attempt, seenAt, hostname, logDirectory, dns, cgroupParent, seccompRoot } = input
  const { name, namespace = '', uid = '' } = pod.metadata
  const sysctls = Object.fromEntries((pod.spec.securityContext?.sysctls ?? []).map(({ name: key, value }) => [key, value]))
  const limits = pod.spec.resources
  return {
    metadata: { name, namespace, uid, attempt },
    // In the node's own UTS namespace the runtime may not set a name.
    hostname: pod.spec.hostNetwork === true ? '' : hostname,
    logDirectory,
    dnsConfig: dns,
    portMappings: portMappings(pod),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod, seenAt),
    linux: {
      cgroupParent,
      sysctls,
      securityContext: sandboxSecurity(pod, [], seccompRoot),
      ...(pod.spec.overhead !== undefined && { overhead: resourcesInit(pod.spec.overhead, pod.spec.overhead) }),
      ...(limits !== undefined && { resources: resourcesInit(limits.requests, limits.limits) }),
    },
  }
}

/** `kubernetes.io/log` folder of a pod: what log shippers look for. */
export function podLogDirectory(root: string, { metadata: { name, namespace, uid } }: Pod): string {
  // Joined it is one text, which thousands of pods hold, not a text for each step to it.
  return [root, '/', namespace, '_', name, '_', uid].join('')
}

export function containerLogPath(container: Container, restartCount: number): string {
  return `${container.name}/${restartCount}.log`
}

function portMappings(pod: Pod) {
  if (pod.spec.hostNetwork === true) return []
  const hostPorts = hostPortsOf(pod.spec)
  if (hostPorts.length === 0) return []
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const taken = new Set(hostPorts.map(({ hostIP, protocol, port }) => `${hostIP}/${protocol}/${port}`))
  return containers
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostIP = '', protocol = 'TCP', hostPort = 0 }) => taken.delete(`${hostIP}/${protocol}/${hostPort}`))
    .map(({ hostIP = '', protocol = 'TCP', hostPort = 0, containerPort }) => ({
      protocol: protocol === 'UDP' ? Protocol.UDP : protocol === 'SCTP' ? Protocol.SCTP : Protocol.TCP,
      containerPort,
      hostPort,
      hostIp: hostIP,
    }))
}

function resourcesInit(requests: Record<string, string> | undefined, limits: Record<string, string> | undefined) {
  const { cpuShares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = linuxResources(requests, limits)
  return {
    cpuShares: BigInt(cpuShares),
    cpuQuota: BigInt(cpuQuotaUs),
    cpuPeriod: BigInt(cpuPeriodUs),
    memoryLimitInBytes: BigInt(memoryLimitBytes),
  }
}
