import { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Partition } from '#client/partition.ts'
import { ConnectError, type MachineListener, type SimulatedFaults, type SimulatedRuntime } from '#cri/simulated/index.ts'
import type { Kubelet, KubeletState } from '#kubelet/index.ts'
import { KubeletServer } from '#kubelet/server/server.ts'

export interface SimulatedNodeOptions {
  name: string
  ip: string
  /** Between the kubelet and the API server. */
  partition: Partition
  runtimeOf: (machine: MachineListener) => SimulatedRuntime
  /** Makes a kubelet over the runtime, which may take the place of another one. */
  kubeletOver: (runtime: SimulatedRuntime, state?: KubeletState) => Kubelet
  onStart: (kubelet: Kubelet) => void
  clock: Clock
  log: Logger
  /** Of a node that this one takes the place of. */
  state?: { runtime: { isOn: boolean; isConnected: boolean }; kubelet: KubeletState | undefined; isKubeletStopped: boolean } | undefined
}

/** One simulated node: the real kubelet over the simulated runtime. */
export class SimulatedNode implements AsyncDisposable {
  readonly name: string
  readonly runtime: SimulatedRuntime
  readonly #options: SimulatedNodeOptions
  #kubelet: Kubelet
  #server: KubeletServer | undefined
  #isOn = true
  #isKubeletStopped = false
  /** Whether the newest kubelet was not stopped yet. */
  #isRunning = true
  /** Stops and starts of the kubelet, one after the other. */
  #changing: Promise<void> = Promise.resolve()

  constructor(options: SimulatedNodeOptions) {
    this.name = options.name
    this.#options = options
    this.runtime = options.runtimeOf({
      onPower: isOn => this.#onPower(isOn),
      onNetwork: isConnected => (isConnected ? options.partition.heal() : options.partition.cut()),
    })
    const { state } = options
    if (state !== undefined) {
      this.#isOn = state.runtime.isOn
      this.#isKubeletStopped = state.isKubeletStopped
      this.#isRunning = state.kubelet !== undefined
      if (!state.runtime.isConnected) options.partition.cut()
    }
    this.#kubelet = options.kubeletOver(this.runtime, state?.kubelet)
    if (this.#isRunning) this.#start()
  }

  /** What another node needs to go on from here. */
  get kubeletState(): { kubelet: KubeletState | undefined; isKubeletStopped: boolean } {
    return { kubelet: this.#isRunning ? this.#kubelet.state : undefined, isKubeletStopped: this.#isKubeletStopped }
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
    const { ip, partition, clock, log } = this.#options
    const address = { ip, port: 10_250 }
    if (!this.#isOn || partition.isCut) return unconnected(new ConnectError('EHOSTUNREACH', address))
    if (!this.#isRunning) return unconnected(new ConnectError('ECONNREFUSED', address))
    this.#server ??= new KubeletServer({ host: this.#kubelet.host, clock, logger: log })
    return this.#server.connect()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopKubelet()
    this.runtime[Symbol.dispose]()
  }

  #onPower(isOn: boolean): void {
    this.#isOn = isOn
    this.#change().catch(error => this.#options.log.error('kubelet neither started nor stopped', { node: this.name, error }))
  }

  #start(): void {
    this.#kubelet.start()
    this.#options.onStart(this.#kubelet)
  }

  #change(): Promise<void> {
    this.#changing = this.#changing.then(() => this.#adjust())
    return this.#changing
  }

  async #adjust(): Promise<void> {
    const shouldRun = this.#isOn && !this.#isKubeletStopped
    if (shouldRun === this.#isRunning) return
    this.#isRunning = shouldRun
    if (shouldRun) {
      this.#kubelet = this.#options.kubeletOver(this.runtime)
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
