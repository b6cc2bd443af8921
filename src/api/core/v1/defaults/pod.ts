import { isHugePages, isOvercommitAllowed, isPodLevelResource } from '../resource-names.ts'
import { aggregateContainerLimits, aggregateContainerRequests } from '../pod-resources.ts'
import { printResourceList } from '../resource-list.ts'
import type { Container, Pod, PodStatus } from '../types.gen.ts'
import { defaultPodSpec } from './pod-spec.ts'

/** What upstream's SetDefaults_Pod does, after the defaults of its spec. */
export function defaultPod(pod: Pod): void {
  pod.spec ??= { containers: [] }
  defaultPodSpec(pod.spec)
  for (const list of [pod.spec.containers, pod.spec.initContainers]) for (const container of list ?? []) defaultRequests(container)
  defaultPodLevelResources(pod)
  pod.spec.enableServiceLinks ??= true
  if (pod.spec.hostNetwork) {
    for (const list of [pod.spec.containers, pod.spec.initContainers]) for (const container of list ?? []) defaultHostPorts(container)
  }
  if (pod.status !== undefined) syncAddresses(pod.status)
}

/** A limit without a request is a request of the same size. */
function defaultRequests({ resources }: Container): void {
  if (resources?.limits === undefined) return
  resources.requests = { ...resources.limits, ...resources.requests }
}

function defaultHostPorts({ ports }: Container): void {
  for (const port of ports ?? []) port.hostPort ||= port.containerPort
}

/** KEP-2837: pod-level requests come from the containers' requests, or else from the pod-level limits. */
function defaultPodLevelResources(pod: Pod): void {
  const { resources } = pod.spec
  if (resources === undefined) return
  if (Object.keys(resources.limits ?? {}).length > 0 || Object.keys(resources.requests ?? {}).length > 0) defaultHugePageLimits(pod)
  if (Object.keys(resources.limits ?? {}).length === 0) return
  const requests = { ...resources.requests }
  for (const [name, quantity] of Object.entries(printResourceList(aggregateContainerRequests(pod.spec)))) {
    if (isPodLevelResource(name) && isOvercommitAllowed(name)) requests[name] ??= quantity
  }
  for (const [name, quantity] of Object.entries(resources.limits ?? {})) {
    if (isPodLevelResource(name)) requests[name] ??= quantity
  }
  if (Object.keys(requests).length > 0) resources.requests = requests
}

function defaultHugePageLimits({ spec }: Pod): void {
  const limits = { ...spec.resources?.limits }
  for (const [name, quantity] of Object.entries(printResourceList(aggregateContainerLimits(spec)))) {
    if (isHugePages(name) && spec.resources?.requests?.[name] === undefined) limits[name] ??= quantity
  }
  if (Object.keys(limits).length > 0) spec.resources!.limits = limits
}

/** The singular and the plural form of addresses are kept alike; the singular one wins when both are given and differ. */
function syncAddresses(status: PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }]
  else if (!status.podIP && status.podIPs?.[0] !== undefined) status.podIP = status.podIPs[0].ip
}
