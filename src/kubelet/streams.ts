import type { Readable } from 'node:stream'
import { servePortForward } from '#apimachinery/httpstream/portforward/session.ts'
import type { RemoteCommandOptions, RemoteCommandSession } from '#apimachinery/httpstream/remotecommand/session.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { InProcessStreams, RuntimeService } from '#cri/cri.ts'
import type { LogFiles } from './logs/log-files.ts'
import type { ContainerLogOptions } from './logs/log-options.ts'
import { readContainerLog } from './logs/read-container-log.ts'
import type { ObservedContainer } from './runtime/observed.ts'
import type { RuntimeState } from './runtime/runtime-state.ts'
import {
  type ContainerRef,
  type ExecOptions,
  HostError,
  type KubeletHost,
  type PodRef,
  type PortForwardTarget,
  type RemoteCommandTarget,
} from './server/host.ts'

export interface PodStreamsOptions {
  /** One in this process may carry streams itself. */
  runtime: RuntimeService & Partial<InProcessStreams>
  logs: LogFiles
  runtimeState: RuntimeState
  pods: () => readonly Pod[]
  signal: AbortSignal
}

/** Logs, exec, attach and port-forward of the node's pods. */
export class PodStreams implements KubeletHost {
  readonly #options: PodStreamsOptions

  constructor(options: PodStreamsOptions) {
    this.#options = options
  }

  pods(): readonly Pod[] {
    return this.#options.pods()
  }

  async containerLog(ref: ContainerRef, options: ContainerLogOptions, signal: AbortSignal): Promise<Readable> {
    const pod = this.#pod(ref, 'pod does not exist')
    const name = ref.container
    const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...(pod.spec.ephemeralContainers ?? [])]
    if (!all.some(container => container.name === name))
      throw new HostError(404, `container "${name}" not found in pod "${pod.metadata.name}"`)
    const container = this.#loggingContainer(pod, name, options.previous)
    const watch = this.#endOf(container)
    try {
      const log = await readContainerLog(
        { path: container.logPath, containerEnded: watch.signal, files: this.#options.logs },
        options,
        signal,
      )
      log.once('close', () => watch.dispose())
      return log
    } catch (error) {
      watch.dispose()
      throw error
    }
  }

  async exec(ref: ContainerRef, { command, tty, stdin, stdout, stderr }: ExecOptions): Promise<RemoteCommandTarget> {
    const containerId = this.#running(ref, `container not found ("${ref.container}")`).id
    const { runtime } = this.#options
    if (runtime.runExec !== undefined)
      return { session: async session => ({ exitCode: await runtime.runExec!({ containerId, cmd: command, tty }, session) }) }
    const { url } = await runtime.exec({ containerId, cmd: [...command], tty, stdin, stdout, stderr }, this.#options.signal)
    return { url }
  }

  async attach(ref: ContainerRef, { tty, stdin, stdout, stderr }: RemoteCommandOptions): Promise<RemoteCommandTarget> {
    const containerId = this.#running(ref, `container ${ref.container} not found in pod ${ref.name}_${ref.namespace}`).id
    const { runtime } = this.#options
    if (runtime.runAttach !== undefined) {
      const session = async (session: RemoteCommandSession) => {
        await runtime.runAttach!({ containerId }, session)
        return { exitCode: 0 }
      }
      return { session }
    }
    const { url } = await runtime.attach({ containerId, tty, stdin, stdout, stderr }, this.#options.signal)
    return { url }
  }

  async portForward(ref: PodRef, ports: readonly number[]): Promise<PortForwardTarget> {
    const pod = this.#pod(ref, 'pod does not exist')
    const sandbox = this.#options.runtimeState.get(pod.metadata.uid ?? '')?.sandboxes.find(({ ready }) => ready)
    if (sandbox === undefined) throw new HostError(404, `pod not found ("${pod.metadata.name}_${pod.metadata.namespace}")`)
    const { runtime } = this.#options
    if (runtime.openPort !== undefined) {
      const open = (port: number, signal: AbortSignal) => runtime.openPort!({ podSandboxId: sandbox.id, port }, signal)
      return { session: session => servePortForward(session, { name: pod.metadata.name, uid: pod.metadata.uid ?? '' }, open) }
    }
    const { url } = await runtime.portForward({ podSandboxId: sandbox.id, port: [...ports] }, this.#options.signal)
    return { url }
  }

  #pod({ namespace, name, uid }: PodRef, refusal: string): Pod {
    const pod = this.#options
      .pods()
      .find(({ metadata }) => metadata.name === name && metadata.namespace === namespace && (uid === undefined || metadata.uid === uid))
    if (pod === undefined) throw new HostError(404, refusal)
    return pod
  }

  #containers(pod: Pod, name: string): ObservedContainer[] {
    const observed = this.#options.runtimeState.get(pod.metadata.uid ?? '')
    return observed?.containers.filter(container => container.name === name) ?? []
  }

  #running(ref: ContainerRef, refusal: string): ObservedContainer {
    const pod = this.#pod(ref, 'pod does not exist')
    const running = this.#containers(pod, ref.container).find(({ state }) => state === 'running')
    if (running === undefined) throw new HostError(404, refusal)
    return running
  }

  /** The container whose log is meant. While nothing runs, that is the one that ended last. */
  #loggingContainer(pod: Pod, name: string, previous: boolean): ObservedContainer {
    const begun = this.#containers(pod, name).filter(({ state }) => state !== 'created')
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    const status = statuses.find(each => each.name === name)
    if (previous) {
      // In a crash loop the container that ended last is the previous one already.
      const isWaiting = status?.state?.waiting !== undefined
      const ended = begun.filter(({ state }) => state === 'exited')
      const wanted = begun[0]?.state === 'running' || isWaiting ? ended[0] : ended[1]
      if (wanted === undefined) throw new HostError(400, `previous terminated container "${name}" in pod "${pod.metadata.name}" not found`)
      return wanted
    }
    if (begun[0] !== undefined) return begun[0]
    const reason = status?.state?.waiting?.reason
    if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff') {
      const words = reason === 'ErrImagePull' ? "image can't be pulled" : 'trying and failing to pull image'
      throw new HostError(400, `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${words}`)
    }
    throw new HostError(400, `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${reason ?? 'ContainerCreating'}`)
  }

  /** A signal that is aborted when the container has ended. */
  #endOf({ id }: ObservedContainer): { signal: AbortSignal; dispose(): void } {
    const { runtimeState } = this.#options
    const ended = new AbortController()
    const check = () => {
      for (const { containers } of runtimeState.values()) if (containers.some(each => each.id === id && each.state === 'running')) return
      ended.abort(new Error('container ended'))
    }
    check()
    const listening = runtimeState.onChange(check)
    return { signal: ended.signal, dispose: () => listening[Symbol.dispose]() }
  }
}
