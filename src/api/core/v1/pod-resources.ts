import { type AnyContainer, isSidecar } from './containers.ts'
import { findCondition } from './pod-conditions.ts'
import { addResources, maxResources, parseResourceList, type Quantities } from './resource-list.ts'
import { isPodLevelResource } from './resource-names.ts'
import type { ContainerStatus, Pod, PodSpec } from './types.gen.ts'

export interface PodResourcesOptions {
  /** Counts what a running container has got too, while a resize is under way (KEP-1287). */
  status?: Pod['status']
  excludeOverhead?: boolean
}

/**
 * What the containers need together: the sum of regular containers and sidecars, or what one init container needs beside the sidecars
 * started before it, whichever is more (KEP-753).
 */
export function aggregateContainerRequests(spec: PodSpec, options: PodResourcesOptions = {}): Quantities {
  return aggregate(spec, container => containerRequests(container, options))
}

export function aggregateContainerLimits(spec: PodSpec, options: PodResourcesOptions = {}): Quantities {
  return aggregate(spec, container => containerLimits(container, options))
}

/** What the scheduler and the kubelet set aside for the pod: containers, or pod-level requests where given, plus overhead. */
export function podRequests(spec: PodSpec, options: PodResourcesOptions = {}): Quantities {
  const requests = aggregateContainerRequests(spec, options)
  overridePodLevel(requests, spec.resources?.requests)
  if (options.excludeOverhead !== true) addResources(requests, parseResourceList(spec.overhead))
  return requests
}

/** As `podRequests`; overhead only adds to limits that exist. */
export function podLimits(spec: PodSpec, options: PodResourcesOptions = {}): Quantities {
  const limits = aggregateContainerLimits(spec, options)
  overridePodLevel(limits, spec.resources?.limits)
  if (options.excludeOverhead === true) return limits
  for (const [name, quantity] of Object.entries(parseResourceList(spec.overhead))) {
    const own = limits[name]
    if (own !== undefined) limits[name] = own.add(quantity)
  }
  return limits
}

function overridePodLevel(list: Quantities, podLevel: Record<string, string> | undefined): void {
  for (const [name, quantity] of Object.entries(parseResourceList(podLevel))) if (isPodLevelResource(name)) list[name] = quantity
}

function aggregate(spec: PodSpec, resourcesOf: (container: AnyContainer) => Quantities): Quantities {
  const total: Quantities = {}
  for (const container of spec.containers ?? []) addResources(total, resourcesOf(container))
  const sidecars: Quantities = {}
  const peak: Quantities = {}
  for (const container of spec.initContainers ?? []) {
    const own = resourcesOf(container)
    if (isSidecar(container)) {
      addResources(total, own)
      addResources(sidecars, own)
      maxResources(peak, sidecars)
    } else {
      const together = { ...own }
      addResources(together, sidecars)
      maxResources(peak, together)
    }
  }
  maxResources(total, peak)
  return total
}

function containerRequests(container: AnyContainer, { status }: PodResourcesOptions): Quantities {
  const actual = status && statusOf(status, container.name)
  if (actual === undefined) return parseResourceList(container.resources?.requests)
  const result = isResizeInfeasible(status) ? {} : parseResourceList(container.resources?.requests)
  maxResources(result, parseResourceList(actual.resources?.requests))
  maxResources(result, parseResourceList(actual.allocatedResources))
  return result
}

function containerLimits(container: AnyContainer, { status }: PodResourcesOptions): Quantities {
  const actual = status && statusOf(status, container.name)
  if (actual?.resources === undefined) return parseResourceList(container.resources?.limits)
  const result = isResizeInfeasible(status) ? {} : parseResourceList(container.resources?.limits)
  maxResources(result, parseResourceList(actual.resources.limits))
  return result
}

function statusOf(status: NonNullable<Pod['status']>, name: string): ContainerStatus | undefined {
  for (const list of [status.containerStatuses, status.initContainerStatuses]) {
    const found = list?.find(item => item.name === name)
    if (found !== undefined) return found.resources === undefined && found.allocatedResources === undefined ? undefined : found
  }
  return undefined
}

function isResizeInfeasible(status: Pod['status']): boolean {
  return findCondition(status?.conditions, 'PodResizePending')?.reason === 'Infeasible'
}
