import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { podLimits, podRequests } from '#api/core/v1/pod-resources.ts'
import { podQOS } from '#api/core/v1/qos.ts'
import { printResourceList } from '#api/core/v1/resource-list.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { PodSandboxConfigInit } from '#cri/cri.ts'
import type { PodCgroupResources } from '../cgroups/cgroups.ts'
import { type DNSConfig, podDNS } from '../container/dns.ts'
import { podHostname } from '../container/hostname.ts'
import { linuxResources } from '../container/resources.ts'
import { podLogDirectory, sandboxConfig } from '../sandbox/sandbox-config.ts'
import type { Step } from './step.ts'
import { podDirectory, type StepContext } from './step-context.ts'

type StepOf<A extends Step['action']> = Extract<Step, { action: A }>

export async function createSandbox(step: StepOf<'createSandbox'>, context: StepContext, signal: AbortSignal): Promise<void> {
  const { node, pod } = context
  const { runtime, runtimeState } = node
  const dns = await dnsOf(context)
  for (const { reason, message } of dns.warnings) context.report('Warning', reason, message)
  if (step.replaces !== undefined) context.report('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
  try {
    refuseUnsupported(pod)
    const config = podSandboxConfigWith(dns.config, step.attempt, context)
    const { podSandboxId } = await runtime.runPodSandbox({ config, runtimeHandler: '' }, signal)
    await runtimeState.refreshSandbox(podSandboxId, signal)
  } catch (error) {
    if (!signal.aborted) context.report('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${messageOf(error)}`)
    throw error
  }
}

/** What would be ignored in silence otherwise. */
function refuseUnsupported({ spec }: Pod): void {
  if (spec.hostUsers === false) throw new Error('hostUsers: false is not supported on this node')
  const { runtimeClassName } = spec
  if (runtimeClassName !== undefined && runtimeClassName !== '')
    throw new Error(`failed to get sandbox runtime: runtime class "${runtimeClassName}" is not supported on this node`)
}

export async function prepareNode(_: StepOf<'prepareNode'>, { node, pod, memory }: StepContext): Promise<void> {
  await Promise.all([
    node.files.makeDirectory(podLogDirectory(node.podLogsDirectory, pod), 0o755),
    node.cgroups.ensurePod(pod.metadata.uid ?? '', podQOS(pod), podCgroupResources(pod)),
  ])
  memory.nodePrepared = true
}

/** The configuration that sandbox, image pulls and containers of a pod share. */
export async function podSandboxConfig(attempt: number, context: StepContext): Promise<PodSandboxConfigInit> {
  return podSandboxConfigWith((await dnsOf(context)).config, attempt, context)
}

async function dnsOf({ node, pod }: StepContext): Promise<ReturnType<typeof podDNS>> {
  const { clusterDNS, clusterDomain } = node
  return podDNS({ pod, node: await node.nodeDNS(), clusterDNS, clusterDomain })
}

function podSandboxConfigWith(dns: DNSConfig, attempt: number, { node, pod }: StepContext): PodSandboxConfigInit {
  const { clusterDomain, podLogsDirectory, rootDirectory, clock } = node
  return sandboxConfig({
    pod,
    attempt,
    seenAt: pod.metadata.creationTimestamp ?? formatTime(clock.now()),
    hostname: podHostname(pod, clusterDomain).hostname,
    logDirectory: podLogDirectory(podLogsDirectory, pod),
    dns,
    cgroupParent: node.cgroups.parentOf(pod.metadata.uid ?? '', podQOS(pod)),
    seccompRoot: `${rootDirectory}/seccomp`,
  })
}

/** Limits of the whole pod; one container without a limit leaves the pod without. */
export function podCgroupResources(pod: Pod): PodCgroupResources {
  const requests = printResourceList(podRequests(pod.spec))
  const limits = printResourceList(podLimits(pod.spec))
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  const everyoneLimits = (name: string) =>
    pod.spec.resources?.limits?.[name] !== undefined || containers.every(({ resources }) => resources?.limits?.[name] !== undefined)
  const resources = linuxResources(requests['cpu'] === undefined ? {} : { cpu: requests['cpu'] }, limits)
  return {
    ...resources,
    cpuShares: linuxResources({ cpu: requests['cpu'] ?? '0' }, {}).cpuShares,
    cpuQuotaUs: everyoneLimits('cpu') ? resources.cpuQuotaUs : 0,
    memoryLimitBytes: everyoneLimits('memory') ? resources.memoryLimitBytes : 0,
  }
}

export async function stopSandbox({ sandboxID }: StepOf<'stopSandbox'>, { node, memory }: StepContext, signal: AbortSignal): Promise<void> {
  await node.runtime.stopPodSandbox({ podSandboxId: sandboxID }, signal)
  memory.stoppedSandboxes = [...memory.stoppedSandboxes, sandboxID]
  await node.runtimeState.refreshSandbox(sandboxID, signal)
}

export async function removeSandbox({ sandboxID }: StepOf<'removeSandbox'>, { node }: StepContext, signal: AbortSignal): Promise<void> {
  await node.runtime.removePodSandbox({ podSandboxId: sandboxID }, signal)
  node.runtimeState.forget(sandboxID)
}

export async function mountVolumes(_: StepOf<'mountVolumes'>, context: StepContext, signal: AbortSignal): Promise<void> {
  const { node, pod, memory } = context
  try {
    await node.volumes.mount(pod)
    memory.volumesMounted = true
  } catch (error) {
    if (!signal.aborted) context.report('Warning', 'FailedMount', messageOf(error))
    throw error
  }
}

export async function cleanUp(_: StepOf<'cleanUp'>, { node, pod, memory }: StepContext, signal: AbortSignal): Promise<void> {
  const { uid = '' } = pod.metadata
  await node.volumes.unmount(uid, signal)
  await node.cgroups.removePod(uid, podQOS(pod))
  memory.cleaned = true
}

/** Folders and logs; nobody can ask for them any more. */
export async function sweep(_: StepOf<'sweep'>, { node, pod, memory }: StepContext): Promise<void> {
  const { uid = '' } = pod.metadata
  await Promise.all([node.files.remove(podDirectory(node, uid)), node.files.remove(podLogDirectory(node.podLogsDirectory, pod))])
  memory.swept = true
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
