import { podQOS } from '#api/core/v1/qos.ts'
import type { Container } from '#api/core/v1/types.gen.ts'
import { CRIError, isNotFound } from '#cri/error.ts'
import { containerConfig } from '../container/container-config.ts'
import { ContainerConfigError, containerEnvironment } from '../container/environment.ts'
import { hostNetworkHostsFile, managedHostsFile } from '../container/hosts-file.ts'
import { podHostname } from '../container/hostname.ts'
import { runLifecycleHook } from '../container/lifecycle-hook.ts'
import { type MountInit, volumeMounts } from '../container/mounts.ts'
import { verifyRunAsNonRoot } from '../container/security-context.ts'
import { serviceEnvironment, visibleServices } from '../container/service-environment.ts'
import { ImageError } from '../images/image-manager.ts'
import { limits } from '../limits.ts'
import type { ObservedSandbox } from '../runtime/observed.ts'
import { crashBackOffLimits, imageBackOffLimits, nextBackOff, stepRetryLimits } from './backoff.ts'
import { withEntry, withoutEntry } from './memory.ts'
import { graceOf, isChanged } from './plan.ts'
import { messageOf, podSandboxConfig } from './sandbox-steps.ts'
import type { KillReason, Step } from './step.ts'
import { containerNamed, findContainer, podDirectory, type StepContext } from './step-context.ts'

type StepOf<A extends Step['action']> = Extract<Step, { action: A }>

const anyoneMayWrite = 0o666

export async function pullImage(step: StepOf<'pullImage'>, context: StepContext, signal: AbortSignal): Promise<void> {
  const { node, pod, memory } = context
  const container = containerNamed(pod, step.container)
  const report = (type: 'Normal' | 'Warning', reason: string, message: string) => context.report(type, reason, message, container.name)
  const request = {
    pod,
    container,
    pullSecrets: () => node.pullSecrets(pod),
    sandboxConfig: await podSandboxConfig(0, context),
    report,
  }
  try {
    const image = await node.images.ensure(request, signal)
    memory.images = withEntry(memory.images, container.name, image)
    memory.imageBackOffs = withoutEntry(memory.imageBackOffs, container.name)
  } catch (error) {
    if (!(error instanceof ImageError)) throw error
    const atMs = node.clock.now()
    const backOff = nextBackOff(memory.imageBackOffs[container.name], { failedAtMs: atMs, nowMs: atMs }, imageBackOffLimits)
    memory.imageBackOffs = withEntry(memory.imageBackOffs, container.name, backOff)
    const failure = { reason: error.reason, message: error.message, atMs, image: container.image ?? '' }
    memory.images = withEntry(memory.images, container.name, { failure, retryAtMs: atMs + backOff.delayMs })
    report('Warning', 'Failed', `Error: ${error.reason}`)
  }
}

export async function startContainer(step: StepOf<'startContainer'>, context: StepContext, signal: AbortSignal): Promise<void> {
  const { node, pod, memory, observed } = context
  const { runtime, runtimeState, clock } = node
  const container = containerNamed(pod, step.container)
  const report = (type: 'Normal' | 'Warning', reason: string, message: string) => context.report(type, reason, message, container.name)
  const last = observed.containers.find(({ name, state }) => name === container.name && state === 'exited')
  if (last !== undefined) {
    const known = isChanged(container, last) ? undefined : memory.crashes[container.name]
    const backOff = nextBackOff(known, { failedAtMs: last.finishedAtMs, nowMs: clock.now() }, crashBackOffLimits)
    memory.crashes = withEntry(memory.crashes, container.name, backOff)
  }
  let containerID: string
  try {
    containerID = await createContainer(step, container, context, signal)
  } catch (error) {
    signal.throwIfAborted()
    const reason = error instanceof ContainerConfigError ? 'CreateContainerConfigError' : 'CreateContainerError'
    memory.waiting = withEntry(memory.waiting, container.name, { reason, message: answerOf(error) })
    const backOff = nextBackOff(memory.startBackOffs[container.name], { failedAtMs: clock.now(), nowMs: clock.now() }, stepRetryLimits)
    memory.startBackOffs = withEntry(memory.startBackOffs, container.name, backOff)
    memory.startRetryAtMs = withEntry(memory.startRetryAtMs, container.name, clock.now() + backOff.delayMs)
    report('Warning', 'Failed', `Error: ${answerOf(error)}`)
    return
  } finally {
    // The next start looks at the image again: it may be gone, or a newer one wanted.
    memory.images = withoutEntry(memory.images, container.name)
  }
  memory.startBackOffs = withoutEntry(memory.startBackOffs, container.name)
  memory.startRetryAtMs = withoutEntry(memory.startRetryAtMs, container.name)
  report('Normal', 'Created', 'Container created')
  try {
    await runtime.startContainer({ containerId: containerID }, signal)
  } catch (error) {
    signal.throwIfAborted()
    memory.waiting = withEntry(memory.waiting, container.name, { reason: 'RunContainerError', message: answerOf(error) })
    report('Warning', 'Failed', `Error: ${answerOf(error)}`)
    await runtimeState.refreshContainer(containerID, step.sandboxID, signal)
    return
  }
  memory.waiting = withoutEntry(memory.waiting, container.name)
  report('Normal', 'Started', 'Container started')
  await runtimeState.refreshContainer(containerID, step.sandboxID, signal)
  await postStart(container, containerID, context, signal)
}

/** What the runtime said when it would not create or start a container, without the code of the call. */
const answerOf = (error: unknown): string => (error instanceof CRIError ? error.description : messageOf(error))

async function createContainer(
  step: StepOf<'startContainer'>,
  container: Container,
  context: StepContext,
  signal: AbortSignal,
): Promise<string> {
  const { node, pod, observed, memory } = context
  const { uid = '' } = pod.metadata
  const imageUser = memory.images[container.name]?.user ?? { uid: undefined, username: '' }
  verifyRunAsNonRoot(pod, container, imageUser)
  const targetContainerID = targetOf(container, context)
  const sandbox = observed.sandboxes.find(({ id }) => id === step.sandboxID)
  const [environment, sandboxConfig, hosts, terminationLog] = await Promise.all([
    environmentOf(container, sandbox, context),
    podSandboxConfig(sandbox?.attempt ?? 0, context),
    hostsMount(container, sandbox, context),
    terminationLogMount(container, context),
  ])
  for (const { reason, message } of environment.warnings) context.report('Warning', reason, message, container.name)
  const variables = new Map(environment.variables.map(({ name, value }) => [name, value]))
  const volumes = await volumeMounts({ pod, container, files: node.files, variables, volumePath: name => node.volumes.hostPath(uid, name) })
  const config = containerConfig({
    pod,
    container,
    restartCount: step.restartCount,
    imageRef: step.imageRef,
    imageUser,
    variables: environment.variables,
    mounts: volumes.concat(hosts, terminationLog),
    qos: podQOS(pod),
    nodeMemoryBytes: node.memoryBytes(),
    seccompRoot: `${node.rootDirectory}/seccomp`,
    targetContainerID,
  })
  const created = await node.runtime.createContainer({ podSandboxId: step.sandboxID, config, sandboxConfig }, signal)
  return created.containerId
}

/** An ephemeral container may name another one whose processes it joins. */
function targetOf({ name }: Container, { pod, observed }: StepContext): string | undefined {
  const { targetContainerName = '' } = pod.spec.ephemeralContainers?.find(each => each.name === name) ?? {}
  if (targetContainerName === '') return undefined
  const target = observed.containers.find(each => each.name === targetContainerName)
  if (target === undefined) throw new ContainerConfigError(`unable to find target container ${targetContainerName}`)
  return target.id
}

async function environmentOf(container: Container, sandbox: ObservedSandbox | undefined, { node, pod }: StepContext) {
  const namespace = pod.metadata.namespace ?? ''
  const podIPs = pod.spec.hostNetwork === true ? node.hostIPs : (sandbox?.ips ?? [])
  return containerEnvironment({
    pod,
    container,
    facts: { podIPs, hostIPs: node.hostIPs, nodeName: node.nodeName, allocatable: node.allocatable() },
    services: serviceEnvironment(visibleServices(await node.services(), namespace, pod.spec.enableServiceLinks ?? true)),
    configMap: name => node.volumes.configMap(namespace, name),
    secret: name => node.volumes.secret(namespace, name),
  })
}

/** /etc/hosts belongs to the pod: all its containers see the same file. */
async function hostsMount(container: Container, sandbox: ObservedSandbox | undefined, { node, pod }: StepContext): Promise<MountInit[]> {
  if (container.volumeMounts?.some(({ mountPath }) => mountPath === '/etc/hosts') === true) return []
  const folder = podDirectory(node, pod.metadata.uid ?? '')
  const hostPath = `${folder}/etc-hosts`
  const hostAliases = pod.spec.hostAliases ?? []
  const content =
    pod.spec.hostNetwork === true
      ? hostNetworkHostsFile(await node.nodeHosts(), hostAliases)
      : managedHostsFile({ podIPs: sandbox?.ips ?? [], ...podHostname(pod, node.clusterDomain), hostAliases })
  await node.files.makeDirectory(folder, 0o750)
  await node.files.writeFile(hostPath, content, { mode: 0o644 })
  return [{ hostPath, containerPath: '/etc/hosts' }]
}

async function terminationLogMount(container: Container, { node, pod }: StepContext): Promise<MountInit[]> {
  const containerPath = container.terminationMessagePath ?? ''
  if (containerPath === '') return []
  const folder = `${podDirectory(node, pod.metadata.uid ?? '')}/containers/${container.name}`
  // A file for each instance of the container.
  const hostPath = `${folder}/${Math.floor(node.random.next() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')}`
  await node.files.makeDirectory(folder, 0o750)
  await node.files.writeFile(hostPath, '', { mode: anyoneMayWrite })
  return [{ hostPath, containerPath }]
}

async function postStart(container: Container, containerID: string, context: StepContext, signal: AbortSignal): Promise<void> {
  const handler = container.lifecycle?.postStart
  if (handler === undefined) return
  try {
    await runLifecycleHook(handler, hookInput(container, containerID, context), signal)
  } catch (error) {
    signal.throwIfAborted()
    context.report('Warning', 'FailedPostStartHook', `PostStartHook failed`, container.name)
    const { memory } = context
    memory.waiting = withEntry(memory.waiting, container.name, { reason: 'PostStartHookError', message: messageOf(error) })
    const gracePeriodSeconds = graceOf(context.pod)
    const kill = {
      action: 'killContainer',
      container: container.name,
      containerID,
      gracePeriodSeconds,
      why: 'FailedPostStartHook',
    } as const
    await killContainer(kill, context, signal)
  }
}

function hookInput(container: Container, containerID: string, { pod, node, observed }: StepContext) {
  const podIP = pod.spec.hostNetwork === true ? (node.hostIPs[0] ?? '') : (observed.sandboxes.find(({ ready }) => ready)?.ips[0] ?? '')
  return { pod, container, containerID, podIP, runtime: node.runtime, dialer: node.dialer, clock: node.clock }
}

const killMessages: Record<KillReason, (name: string) => string> = {
  Stopping: name => `Stopping container ${name}`,
  SandboxChanged: name => `Stopping container ${name}`,
  MainContainersEnded: name => `Stopping container ${name}`,
  DefinitionChanged: name => `Container ${name} definition changed, will be restarted`,
  FailedLivenessProbe: name => `Container ${name} failed liveness probe, will be restarted`,
  FailedStartupProbe: name => `Container ${name} failed startup probe, will be restarted`,
  FailedPostStartHook: () => 'FailedPostStartHook',
}

export async function killContainer(step: StepOf<'killContainer'>, context: StepContext, signal: AbortSignal): Promise<void> {
  const { pod, memory, node } = context
  const { containerID, why } = step
  // An orphan's spec is lost.
  const container = findContainer(pod, step.container) ?? { name: step.container }
  const isFirst = !memory.killed.includes(containerID)
  if (isFirst) {
    memory.killed = [...memory.killed, containerID]
    context.report('Normal', 'Killing', killMessages[why](container.name), container.name)
  }
  const probeGrace =
    why === 'FailedLivenessProbe' ? container.livenessProbe : why === 'FailedStartupProbe' ? container.startupProbe : undefined
  const graceSeconds = probeGrace?.terminationGracePeriodSeconds ?? step.gracePeriodSeconds
  const usedSeconds = isFirst && graceSeconds > 0 ? await preStop(container, containerID, graceSeconds, context, signal) : 0
  await stop(containerID, graceSeconds - usedSeconds, context, signal)
  await node.runtimeState.refreshContainer(containerID, undefined, signal)
}

/** @returns the seconds that the hook took, at most the grace period */
async function preStop(
  container: Container,
  containerID: string,
  graceSeconds: number,
  context: StepContext,
  signal: AbortSignal,
): Promise<number> {
  const handler = container.lifecycle?.preStop
  if (handler === undefined) return 0
  const { clock } = context.node
  const beginMs = clock.monotonicMs()
  const deadline = new AbortController()
  const timer = clock.after(graceSeconds * 1000, () => deadline.abort(new Error('grace period is over')))
  try {
    await runLifecycleHook(handler, hookInput(container, containerID, context), AbortSignal.any([signal, deadline.signal]))
  } catch {
    signal.throwIfAborted()
    context.report('Warning', 'FailedPreStopHook', 'PreStopHook failed', container.name)
  } finally {
    timer.cancel()
  }
  return Math.min(graceSeconds, Math.ceil((clock.monotonicMs() - beginMs) / 1000))
}

async function stop(containerID: string, graceSeconds: number, { node }: StepContext, signal: AbortSignal): Promise<void> {
  const timeout = BigInt(Math.max(limits.gracePeriodSecondsMin, Math.floor(graceSeconds)))
  try {
    await node.runtime.stopContainer({ containerId: containerID, timeout }, signal)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

export async function removeContainer(
  { containerID }: StepOf<'removeContainer'>,
  { node, observed }: StepContext,
  signal: AbortSignal,
): Promise<void> {
  const logPath = observed.containers.find(({ id }) => id === containerID)?.logPath ?? ''
  await node.runtime.removeContainer({ containerId: containerID }, signal)
  if (logPath !== '') await node.files.remove(logPath)
  node.runtimeState.forget(containerID)
}
