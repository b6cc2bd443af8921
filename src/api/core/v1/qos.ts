import { addResources, parseResourceList, type Quantities } from './resource-list.ts'
import type { Pod, PodSpec, ResourceRequirements } from './types.gen.ts'

export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const computeResources = ['cpu', 'memory']

/** The class that the server wrote into the status, or else what the spec makes it. */
export function podQOS(pod: Pod): QOSClass {
  return (pod.status?.qosClass as QOSClass | undefined) || computePodQOS(pod.spec)
}

/**
 * Guaranteed: every container limits CPU and memory, and requests just that. BestEffort: nobody asks for either. Pod-level resources, when
 * given, decide alone (KEP-2837).
 */
export function computePodQOS(spec: PodSpec): QOSClass {
  const holders = isSet(spec.resources)
    ? [spec.resources]
    : [...spec.containers, ...(spec.initContainers ?? [])].map(item => item.resources)
  const requests: Quantities = {}
  const limits: Quantities = {}
  let everyHolderIsLimited = true
  for (const holder of holders) {
    const ownLimits = positiveCompute(holder?.limits)
    addResources(requests, positiveCompute(holder?.requests))
    addResources(limits, ownLimits)
    if (!computeResources.every(name => ownLimits[name] !== undefined)) everyHolderIsLimited = false
  }
  const names = Object.keys(requests)
  if (names.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  const sameAmounts = names.length === Object.keys(limits).length && names.every(name => limits[name]?.cmp(requests[name]!) === 0)
  return everyHolderIsLimited && sameAmounts ? 'Guaranteed' : 'Burstable'
}

function isSet(resources: ResourceRequirements | undefined): boolean {
  return Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0
}

function positiveCompute(list: Record<string, string> | undefined): Quantities {
  return Object.fromEntries(
    Object.entries(parseResourceList(list)).filter(([name, quantity]) => computeResources.includes(name) && quantity.sign() > 0),
  )
}
