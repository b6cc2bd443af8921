import { isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod, Service } from '#api/core/v1/types.gen.ts'
import { abortable } from '#base/abortable.ts'
import { Group } from '#base/group.ts'
import type { Random } from '#base/random.ts'
import { ResumedMap } from '#base/resumed-map.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
import type { InformerEvent } from '#client/informer.ts'
import type { ObjectSource } from '#client/informer-parts.ts'
import { terminationMessageOf } from './container/termination-message.ts'
import { NodeLease } from './node/node-lease.ts'
import { NodeReporter } from './node/node-reporter.ts'
import { KubeletNodeServices } from './node-services.ts'
import type { KubeletOptions } from './options.ts'
import { orphanPod } from './pod/orphan.ts'
import { admitPod } from './pod/admission.ts'
import { removeLeftovers } from './pod/leftovers.ts'
import { isAtRest, PodWorker, type PodWorkerOptions, type PodWorkerState } from './pod/pod-worker.ts'
import type { NodeServices } from './pod/step-context.ts'
import type { KubeletState } from './state.ts'
import { Prober } from './prober/prober.ts'
import { type RuntimeChange, RuntimeState } from './runtime/runtime-state.ts'
import type { KubeletHost } from './server/host.ts'
import { type KubeletSources, ownSources } from './sources.ts'
import { PodStreams } from './streams.ts'
import { VolumeManager } from './volumes/volume-manager.ts'

/**
 * The node agent: makes the runtime run what the API server binds to this node, and tells what became of it. Everything is rebuilt from the
 * API and the runtime at start; stopping it stops no container.
 */
export class Kubelet implements AsyncDisposable {
  readonly #options: KubeletOptions
  readonly #group: Group
  readonly #events: APIEventRecorder
  readonly #runtimeState: RuntimeState
  readonly #node: NodeReporter
  readonly #sources: KubeletSources
  readonly #pods: ObjectSource<Pod>
  readonly #nodes: ObjectSource<Node>
  readonly #services: ObjectSource<Service>
  readonly #volumes: VolumeManager
  readonly #prober: Prober
  readonly #shared: NodeServices
  readonly #workerOptions: PodWorkerOptions
  readonly #lease: NodeLease
  /** For names of files and moments that no object shows. */
  readonly #jitter: Random
  /** By pod UID. */
  readonly #workers: ResumedMap<string, PodWorkerState, PodWorker>
  #knowsBothSides = false
  #stopped: Promise<void> = Promise.resolve()
  #host: KubeletHost | undefined

  constructor(options: KubeletOptions, signal: AbortSignal) {
    this.#options = options
    this.#group = new Group(signal)
    const { nodeName, client, runtime, clock, random, log, host, state } = options
    this.#jitter = random.branch()
    const ownSignal = this.#group.signal
    this.#events = new APIEventRecorder({ client, clock, random, log, component: 'kubelet', host: nodeName }, state?.events)
    const terminationMessage = (status: Parameters<typeof terminationMessageOf>[0]) => terminationMessageOf(status, host.files, host.logs)
    this.#runtimeState = new RuntimeState({ runtime, clock, log, terminationMessage }, state?.runtime)
    this.#sources = options.sources ?? ownSources({ client, clock, random, log })
    this.#pods = this.#sources.pods(nodeName)
    this.#nodes = this.#sources.node(nodeName)
    this.#services = this.#sources.services()
    const parts = { events: this.#events, nodes: this.#nodes, runtimeState: this.#runtimeState }
    this.#node = new NodeReporter(options, parts, state?.node)
    this.#lease = new NodeLease({ nodeName, client, clock, log, node: this.#node }, state?.lease)
    this.#volumes = this.#volumeManager(ownSignal)
    this.#prober = new Prober(ownSignal)
    const resume = (worker: PodWorkerState) => this.#resumed(worker)
    this.#workers = new ResumedMap({ resume, stateOf }, state?.workers)
    this.#shared = new KubeletNodeServices(options, {
      reporter: this.#node,
      runtimeState: this.#runtimeState,
      volumes: this.#volumes,
      services: this.#services,
      random: this.#jitter,
      signal: ownSignal,
      workers: this.#workers,
    })
    this.#workerOptions = {
      node: this.#shared,
      events: this.#events,
      signal: ownSignal,
      onSync: worker => this.#prober.update(worker),
      onDone: worker => this.#onDone(worker),
    }
  }

  /** For exec, logs and their like: hand it to the kubelet's server. Made when it is asked for. */
  get host(): KubeletHost {
    if (this.#host === undefined) {
      const { runtime, host } = this.#options
      const pods = () => this.#pods.list().map(pod => this.#withNewestStatus(pod))
      this.#host = new PodStreams({ runtime, runtimeState: this.#runtimeState, logs: host.logs, pods, signal: this.#group.signal })
    }
    return this.#host
  }

  /** A copy. */
  get state(): KubeletState {
    return {
      knowsBothSides: this.#knowsBothSides,
      events: this.#events.state,
      node: this.#node.state,
      lease: this.#lease.state,
      runtime: this.#runtimeState.memory,
      statuses: this.#shared.statuses.state,
      volumes: this.#volumes.state,
      workers: this.#workers.states,
      probes: this.#prober.state,
    }
  }

  /** Resolves when the Node object is there: for those who may label it with what a kubelet may not say of itself, such as its roles. */
  get registered(): Promise<void> {
    return this.#node.registered
  }

  /** Resolves when the API server shows this node as Ready. */
  get ready(): Promise<void> {
    return this.#node.ready
  }

  /** Resolves when the kubelet has stopped; throws what broke it. */
  get stopped(): Promise<void> {
    return this.#stopped
  }

  /** The node's status may have changed, for example because its network was set up just now. */
  checkNode(): void {
    this.#node.check()
  }

  start(): void {
    this.#runtimeState.onChange((uid, change) => this.#onRuntimeChange(uid, change))
    this.#group.spawn(signal => this.#events.run(signal))
    this.#group.spawn(signal => this.#runtimeState.run(signal))
    this.#group.spawn(signal => this.#node.run(signal))
    this.#group.spawn(signal => this.#lease.run(signal))
    this.#group.spawn(signal => this.#pods.run(signal))
    this.#group.spawn(signal => this.#nodes.run(signal))
    this.#group.spawn(signal => this.#services.run(signal))
    if (this.#options.state === undefined) this.#group.spawn(() => this.#prepareHost())
    this.#group.spawn(signal => this.#runPods(signal))
    // Whoever does not look at this promise crashes with us: a part of the kubelet that is gone does not come back by itself.
    this.#stopped = this.#group.wait()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers.made()) worker.stop()
    this.#shared.statuses.stop()
    await this.#group[Symbol.asyncDispose]()
  }

  async #prepareHost(): Promise<void> {
    const { host, rootDirectory, log } = this.#options
    try {
      await host.files.makeDirectory(rootDirectory, 0o750)
      await host.cgroups.prepare()
    } catch (error) {
      // Pods that need it will fail one by one, and say why.
      log.error('cannot prepare the machine for pods', { error })
    }
  }

  /** Pods are looked at only when both sides are known: else what runs already would be started again. */
  async #runPods(signal: AbortSignal): Promise<void> {
    const { state } = this.#options
    if (state?.knowsBothSides === true) {
      this.#knowsBothSides = true
      this.#resume(state)
      this.#followPods(signal, { isKnown: true, known: () => knownPods(state) })
      return
    }
    await abortable(Promise.all([this.#runtimeState.synced, this.#node.prepare(signal), this.#pods.synced]), signal)
    if (signal.aborted) return
    this.#knowsBothSides = true
    this.#followPods(signal)
    for (const { uid } of [...this.#runtimeState.values()]) this.#onRuntimeChange(uid)
    await this.#removeLeftovers(signal)
  }

  #followPods(signal: AbortSignal, options?: { isKnown: boolean; known: () => Iterable<Pod> }): void {
    if (signal.aborted) return
    const following = this.#pods.onChange(event => this.#onPodChange(event), options)
    signal.addEventListener('abort', () => following[Symbol.dispose](), { once: true })
  }

  /** Pods for which there is nothing to do before something happens wait for that. */
  #resume({ workers, probes }: KubeletState): void {
    for (const [uid, state] of workers) if (!isAtRest(state) || probes.has(uid)) this.#workers.get(uid)
  }

  #resumed(state: PodWorkerState): PodWorker {
    const worker = this.#newWorker(state.pod, state)
    const probes = this.#options.state?.probes.get(worker.uid)
    if (probes !== undefined) this.#prober.resume(worker, probes)
    worker.resume(state)
    return worker
  }

  #onPodChange(event: InformerEvent<Pod>): void {
    const pod = event.object
    const uid = pod.metadata.uid ?? ''
    if (event.type === 'delete') {
      this.#workers.get(uid)?.remove()
      return
    }
    // Deleted and made again between two looks of ours: another pod of the same name.
    if (event.type === 'update' && event.old.metadata.uid !== uid) this.#workers.get(event.old.metadata.uid ?? '')?.remove()
    const worker = this.#workers.get(uid)
    if (worker === undefined) this.#add(pod)
    else {
      worker.update(pod)
      this.#volumes.update(pod)
    }
  }

  #add(pod: Pod): void {
    const worker = this.#newWorker(pod)
    const isNew =
      this.#runtimeState.get(worker.uid) === undefined &&
      !isTerminalPhase(pod.status?.phase) &&
      pod.metadata.deletionTimestamp === undefined
    if (isNew) {
      const rejection = this.#admit(pod)
      if (rejection !== undefined) worker.reject(rejection)
    }
    // Its ConfigMaps and Secrets are asked for while everything else goes on.
    if (worker.memory.termination === undefined) this.#volumes.register(pod)
    worker.wake()
  }

  #admit(pod: Pod) {
    const others = [...this.#workers].filter(
      ({ pod: { metadata }, memory: { termination } }) =>
        metadata.uid !== pod.metadata.uid && termination?.cause !== 'Completed' && termination?.cause !== 'Rejected',
    )
    const node = this.#nodes.get(this.#options.nodeName)
    return admitPod({ pod, others: others.map(other => other.pod), allocatable: this.#node.allocatable, node })
  }

  #newWorker(pod: Pod, state?: PodWorkerState): PodWorker {
    const worker = new PodWorker(pod, this.#workerOptions, state)
    this.#workers.set(worker.uid, worker)
    return worker
  }

  #onDone(worker: PodWorker): void {
    this.#prober.forget(worker)
    this.#workers.delete(worker.uid)
    // A server that is behind may say that a pod is gone, and later show it again: it is the same one, and begins anew.
    const { name, namespace = '' } = worker.pod.metadata
    const present = this.#pods.get(`${namespace}/${name}`)
    if (present?.metadata.uid === worker.uid) this.#add(present)
  }

  #onRuntimeChange(uid: string, change?: RuntimeChange): void {
    const worker = this.#workers.get(uid)
    if (worker !== undefined) {
      worker.runtimeChanged(change)
      return
    }
    const observed = this.#runtimeState.get(uid)
    // Earlier nobody knows what is an orphan.
    if (observed === undefined || !this.#knowsBothSides) return
    if (this.#pods.get(`${observed.namespace}/${observed.name}`)?.metadata.uid === uid) return
    this.#newWorker(orphanPod(observed)).remove()
  }

  async #removeLeftovers(signal: AbortSignal): Promise<void> {
    const { host, rootDirectory, podLogsDirectory, log } = this.#options
    const unmount = (uid: string) => this.#volumes.unmount(uid, signal)
    const isKnown = (uid: string) => this.#workers.has(uid)
    await removeLeftovers({ files: host.files, cgroups: host.cgroups, unmount, rootDirectory, podLogsDirectory, isKnown, log }, signal)
  }

  /** The informer's object with the status that is on its way to the API server. */
  #withNewestStatus(pod: Pod): Pod {
    const status = this.#shared.statuses.get(pod.metadata.uid ?? '')
    return status === undefined ? pod : { ...pod, status }
  }

  #volumeManager(signal: AbortSignal): VolumeManager {
    const { client, clock, log, host, rootDirectory } = this.#options
    const factsOf = (pod: Pod) => {
      const sandbox = this.#runtimeState.get(pod.metadata.uid ?? '')?.sandboxes.find(({ ready }) => ready)
      const podIPs = pod.spec.hostNetwork === true ? this.#options.nodeIPs : (sandbox?.ips ?? [])
      return { podIPs, hostIPs: this.#options.nodeIPs, nodeName: this.#options.nodeName, allocatable: this.#node.allocatable }
    }
    const onObjectChange = (uid: string) => this.#workers.get(uid)?.objectChanged()
    return new VolumeManager(
      {
        client,
        sources: this.#sources,
        clock,
        random: this.#jitter,
        log,
        files: host.files,
        rootDirectory,
        factsOf,
        onObjectChange,
        signal,
      },
      this.#options.state?.volumes,
    )
  }
}

/** What a kubelet has heard of, as far as it still matters to it. */
function* knownPods({ workers }: KubeletState): Generator<Pod, void, undefined> {
  for (const { pod, memory } of workers.values()) if (!memory.removed) yield pod
}

function stateOf({ state }: PodWorker): PodWorkerState {
  return state
}

/** Starts a kubelet; dispose it, or abort the signal, to stop it. */
export function startKubelet(options: KubeletOptions, signal: AbortSignal): Kubelet {
  const kubelet = new Kubelet(options, signal)
  kubelet.start()
  return kubelet
}
