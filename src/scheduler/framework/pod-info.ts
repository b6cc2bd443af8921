import { hostPortsOf, type HostPort } from '#api/core/v1/host-ports.ts'
import { podRequests } from '#api/core/v1/pod-resources.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { type ResourceVector, vectorOf } from './resource-vector.ts'

/** What a container without requests counts for when nodes are scored (upstream's non-zero defaults), so that such pods spread too. */
const defaultMilliCPU = 100
const defaultMemoryBytes = 200 * 2 ** 20

/** A pod with the arithmetic that every decision about it needs, done once. */
export interface PodInfo {
  pod: Pod
  key: string
  uid: string
  requests: ResourceVector
  /** For scoring: requests with defaults for containers that ask for nothing. */
  nonZero: { milliCPU: number; memory: number }
  hostPorts: readonly HostPort[]
}

export function podInfoOf(pod: Pod): PodInfo {
  const requests = vectorOf(podRequests(pod.spec))
  requests.pods = 1
  let milliCPU = requests.milliCPU
  let memory = requests.memory
  for (const { resources } of pod.spec.containers) {
    if (resources?.requests?.['cpu'] === undefined) milliCPU += defaultMilliCPU
    if (resources?.requests?.['memory'] === undefined) memory += defaultMemoryBytes
  }
  return { pod, key: keyOf(pod), uid: pod.metadata.uid ?? '', requests, nonZero: { milliCPU, memory }, hostPorts: hostPortsOf(pod.spec) }
}
