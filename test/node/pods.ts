import type { PodSandboxConfigInit, RuntimeEvent } from '#cri/cri.ts'
import { ContainerState, type ContainerStatus } from '#cri/gen/runtime.gen.ts'
import type { NodeParts } from './node-parts.ts'

/** A sandbox with what every call about its containers needs. */
export interface TestSandbox {
  podSandboxId: string
  ip: string
  uid: string
  sandboxConfig: PodSandboxConfigInit
}

export async function runSandbox({ connection, folder }: NodeParts, name: string, signal: AbortSignal): Promise<TestSandbox> {
  const uid = `uid-of-${name}`
  const sandboxConfig: PodSandboxConfigInit = {
    metadata: { name, namespace: 'default', uid },
    hostname: name,
    logDirectory: `${folder}/logs/${name}`,
    labels: { 'io.kubernetes.pod.uid': uid },
    linux: { cgroupParent: '', securityContext: { namespaceOptions: { pid: 1 } } },
  }
  const { podSandboxId } = await connection.runtime.runPodSandbox({ config: sandboxConfig }, signal)
  const { status } = await connection.runtime.podSandboxStatus({ podSandboxId }, signal)
  return { podSandboxId, uid, ip: status?.network?.ip ?? '', sandboxConfig }
}

export interface TestContainer {
  name: string
  image: string
  command?: string[]
}

export async function startContainer(
  { connection: { runtime } }: NodeParts,
  { podSandboxId, uid, sandboxConfig }: TestSandbox,
  { name, image, command = [] }: TestContainer,
  signal: AbortSignal,
): Promise<string> {
  const { imageRef } = await runtime.pullImage({ image: { image } }, signal)
  const config = {
    metadata: { name },
    image: { image: imageRef },
    command,
    logPath: `${name}.log`,
    labels: { 'io.kubernetes.pod.uid': uid },
    linux: {},
  }
  const { containerId } = await runtime.createContainer({ podSandboxId, config, sandboxConfig }, signal)
  await runtime.startContainer({ containerId }, signal)
  return containerId
}

export async function statusOf({ connection: { runtime } }: NodeParts, containerId: string, signal: AbortSignal): Promise<ContainerStatus> {
  return (await runtime.containerStatus({ containerId }, signal)).status!
}

/** The container's status once it has ended; waits for the event when it still runs. */
export async function ended(parts: NodeParts, containerId: string, signal: AbortSignal): Promise<ContainerStatus> {
  for await (const { type, containerID } of parts.connection.runtime.containerEvents(signal)) {
    const concerns = type === 'Subscribed' || (type === 'Stopped' && containerID === containerId)
    const status = concerns ? await statusOf(parts, containerId, signal) : undefined
    if (status?.state === ContainerState.CONTAINER_EXITED) return status
  }
  throw new Error('the event stream ended')
}

/** Collects events until the iteration ends; `next` waits for one that fits. */
export class Events {
  readonly seen: RuntimeEvent[] = []
  readonly #waiting = new Set<() => void>()

  async collect(events: AsyncIterable<RuntimeEvent>): Promise<void> {
    for await (const event of events) {
      this.seen.push(event)
      for (const wake of this.#waiting) wake()
    }
  }

  async next(fits: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent> {
    for (;;) {
      const found = this.seen.find(fits)
      if (found !== undefined) return found
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }
}
