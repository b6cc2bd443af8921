import { Duplex } from 'node:stream'
import type { Taint } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { kubernetesVersion } from '#base/version.ts'
import type { Client } from '#client/client.ts'
import { Partition } from '#client/partition.ts'
import {
  ConnectError,
  type LogSource,
  type MachineListener,
  type SimulatedEnvironment,
  type SimulatedFaults,
  type SimulatedNodeState,
  SimulatedRuntime,
} from '#cri/simulated/index.ts'
import {
  Kubelet,
  type KubeletOptions,
  type KubeletSources,
  type KubeletState,
  MemoryHostFiles,
  type SimulatedMachine,
  simulatedHost,
} from '#kubelet/index.ts'
import { KubeletServer } from '#kubelet/server/server.ts'

/** What all simulated nodes of a cluster share. */
export interface NodeSurroundings {
  environment: SimulatedEnvironment
  /** The store that `environment.logs` is. */
  logs: LogSource
  clientOf: (nodeName: string, partition: Partition) => Client
  /** What a kubelet reads over a network that can be cut. See `sharedSources`. */
  sourcesOf: (partition: Partition, hasRead: boolean) => KubeletSources
  /** Addresses of the cluster's DNS service, as pods get them. */
  clusterDNS: readonly string[]
  /** Kubelets are tasks of the cluster: one that breaks ends it. */
  tasks: Group
  /** Ends the kubelets. */
  signal: AbortSignal
  clock: Clock
  random: Random
  log: Logger
}

/** What a node is from its start on. */
export interface NodePlace {
  name: string
  machine: SimulatedMachine & { maxPods: number }
  labels: Readonly<Record<string, string>>
  taints: Taint[]
  nodeIP: string
  podCIDR: string
}

/** What another node needs to go on from here. */
export interface NodeState {
  place: NodePlace
  runtime: SimulatedNodeState
  files: MemoryHostFiles
  /** Undefined while it does not run. */
  kubelet: KubeletState | undefined
  isKubeletStopped: boolean
}

const rootDirectory = '/var/lib/kubelet'
const podLogsDirectory = '/var/log/pods'

/** One simulated node: the real kubelet over the simulated runtime. */
export class SimulatedNode implements AsyncDisposable {
  readonly name: string
  readonly runtime: SimulatedRuntime
  readonly #place: NodePlace
  readonly #surroundings: NodeSurroundings
  readonly #files: MemoryHostFiles
  /** Between the kubelet and the API server. */
  readonly #partition = new Partition()
  #kubelet: Kubelet
  #server: KubeletServer | undefined
  #isOn = true
  #isKubeletStopped = false
  /** Whether the newest kubelet was not stopped yet. */
  #isRunning = true
  /** Stops and starts of the kubelet, one after the other. */
  #changing: Promise<void> | undefined

  /** @param state of a node that this one takes the place of */
  constructor(place: NodePlace, surroundings: NodeSurroundings, state?: NodeState) {
    this.name = place.name
    this.#place = place
    this.#surroundings = surroundings
    this.#files = state?.files.copy() ?? new MemoryHostFiles()
    this.runtime = this.#newRuntime(state?.runtime)
    if (state !== undefined) {
      this.#isOn = state.runtime.isOn
      this.#isKubeletStopped = state.isKubeletStopped
      this.#isRunning = state.kubelet !== undefined
      if (!state.runtime.isConnected) this.#partition.cut()
    }
    this.#kubelet = this.#newKubelet(state?.kubelet)
    if (this.#isRunning) this.#start()
  }

  /** A copy. */
  get state(): NodeState {
    const kubelet = this.#isRunning ? this.#kubelet.state : undefined
    return {
      place: this.#place,
      runtime: this.runtime.state,
      files: this.#files.copy(),
      kubelet,
      isKubeletStopped: this.#isKubeletStopped,
    }
  }

  /** The one that was started last. */
  get kubelet(): Kubelet {
    return this.#kubelet
  }

  /** Lets things go wrong on the node. */
  get faults(): SimulatedFaults {
    return this.runtime.faults
  }

  /** The kubelet's process dies; containers run on, and nobody watches over them. Resolves when it is gone. Idempotent. */
  stopKubelet(): Promise<void> {
    this.#isKubeletStopped = true
    return this.#change()
  }

  /** The kubelet is started again, and takes over the containers that run. Idempotent. */
  startKubelet(): Promise<void> {
    this.#isKubeletStopped = false
    return this.#change()
  }

  /** The kubelet dies and comes up again at once. */
  async restartKubelet(): Promise<void> {
    await this.stopKubelet()
    await this.startKubelet()
  }

  /** A connection to the kubelet's server, which is made when it is first needed and has no port. */
  connect(): Duplex {
    const { clock, log } = this.#surroundings
    const address = { ip: this.#place.nodeIP, port: 10_250 }
    if (!this.#isOn || this.#partition.isCut) return unconnected(new ConnectError('EHOSTUNREACH', address))
    if (!this.#isRunning) return unconnected(new ConnectError('ECONNREFUSED', address))
    this.#server ??= new KubeletServer({ host: this.#kubelet.host, clock, logger: log })
    return this.#server.connect()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopKubelet()
    this.runtime[Symbol.dispose]()
  }

  #newRuntime(state: SimulatedNodeState | undefined): SimulatedRuntime {
    const { environment, random } = this.#surroundings
    const { name: nodeName, nodeIP, podCIDR } = this.#place
    const machine: MachineListener = {
      onPower: isOn => this.#onPower(isOn),
      onNetwork: isConnected => (isConnected ? this.#partition.heal() : this.#partition.cut()),
    }
    return new SimulatedRuntime({ environment, random, nodeName, nodeIP, podCIDR, files: this.#files, machine }, state)
  }

  /** @param state of a kubelet that it takes the place of */
  #newKubelet(state?: KubeletState): Kubelet {
    const { environment, logs, clientOf, sourcesOf, clusterDNS, clock, random, log, signal } = this.#surroundings
    const { name: nodeName, machine, labels, taints, nodeIP } = this.#place
    const { runtime } = this
    const isDiskFull = () => runtime.isDiskFull
    const options: KubeletOptions = {
      nodeName,
      client: clientOf(nodeName, this.#partition),
      runtime,
      images: runtime,
      host: simulatedHost(machine, { network: environment.network, logs, files: this.#files, isDiskFull }),
      clock,
      random,
      log,
      rootDirectory,
      podLogsDirectory,
      nodeIPs: [nodeIP],
      clusterDNS,
      version: kubernetesVersion.gitVersion,
      labels,
      taints,
      maxPods: machine.maxPods,
      sources: sourcesOf(this.#partition, state?.knowsBothSides === true),
      state,
    }
    return new Kubelet(options, signal)
  }

  #onPower(isOn: boolean): void {
    this.#isOn = isOn
    this.#change().catch(error => this.#surroundings.log.error('kubelet neither started nor stopped', { node: this.name, error }))
  }

  #start(): void {
    const kubelet = this.#kubelet
    kubelet.start()
    this.#surroundings.tasks.spawn(() => kubelet.stopped)
  }

  #change(): Promise<void> {
    this.#changing = (this.#changing ?? Promise.resolve()).then(() => this.#adjust())
    return this.#changing
  }

  async #adjust(): Promise<void> {
    const shouldRun = this.#isOn && !this.#isKubeletStopped
    if (shouldRun === this.#isRunning) return
    this.#isRunning = shouldRun
    if (shouldRun) {
      this.#kubelet = this.#newKubelet()
      this.#start()
      return
    }
    const server = this.#server
    this.#server = undefined
    await Promise.all([this.#kubelet[Symbol.asyncDispose](), server?.close()])
  }
}

function unconnected(error: Error): Duplex {
  return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done(error) }).destroy(error)
}
