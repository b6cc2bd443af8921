import { Quantity } from '#apimachinery/quantity/quantity.ts'
import type { QOSClass } from '#api/core/v1/qos.ts'
import type { Container, Pod } from '#api/core/v1/types.gen.ts'

/** The kernel's numbers for what a container may use. */
export interface LinuxResources {
  cpuShares: number
  /** Microseconds of CPU time a period; 0 for no limit. */
  cpuQuotaUs: number
  cpuPeriodUs: number
  /** 0 for no limit. */
  memoryLimitBytes: number
}

const sharesPerCPU = 1024
const sharesMin = 2
const sharesMax = 262_144
const cpuPeriodUs = 100_000
const cpuQuotaUsMin = 1000

export function milliCPUToShares(milliCPU: number): number {
  if (milliCPU === 0) return sharesMin
  return Math.min(sharesMax, Math.max(sharesMin, Math.floor((milliCPU * sharesPerCPU) / 1000)))
}

export function linuxResources(
  requests: Record<string, string> | undefined,
  resourceLimits: Record<string, string> | undefined,
): LinuxResources {
  const cpuLimit = milli(resourceLimits?.['cpu'])
  // A limit alone is a request too; the API server sees to that, other sources of pods may not.
  const cpuRequest = requests?.['cpu'] === undefined ? cpuLimit : milli(requests['cpu'])
  return {
    cpuShares: milliCPUToShares(cpuRequest),
    cpuQuotaUs: cpuLimit === 0 ? 0 : Math.max(cpuQuotaUsMin, Math.floor((cpuLimit * cpuPeriodUs) / 1000)),
    cpuPeriodUs,
    memoryLimitBytes: bytes(resourceLimits?.['memory']),
  }
}

/** Thousandths; 0 for nothing. */
export function milli(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Quantity.parse(String(quantity)).milliValue()
}

/** Whole units; 0 for nothing. */
export function bytes(quantity: string | undefined): number {
  return quantity === undefined ? 0 : Quantity.parse(String(quantity)).value()
}

const nodeCriticalPriority = 2_000_001_000

/** How willingly the kernel kills the container when memory runs out (upstream: "Node-pressure Eviction", oom_score_adj table). */
export function oomScoreAdjust(pod: Pod, container: Container, qos: QOSClass, nodeMemoryBytes: number): number {
  if ((pod.spec.priority ?? 0) >= nodeCriticalPriority || qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const requested = bytes(container.resources?.requests?.['memory'])
  const adjust = 1000 - Math.floor((1000 * requested) / nodeMemoryBytes)
  return Math.min(999, Math.max(3, adjust))
}
