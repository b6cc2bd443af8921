import { type CIDR, parseCIDR } from '#base/cidr.ts'
import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import type { Random } from '#base/random.ts'
import { CRIError } from '../error.ts'
import { AddressPool } from './addresses.ts'
import type { Container } from './container.ts'
import type { NodeFiles, SimulatedEnvironment } from './environment.ts'
import { EventStreams, type EventStreamsState } from './events.ts'
import { NodeImages, type PresentImage } from './node-images.ts'
import type { Sandbox } from './sandbox.ts'
import { untilAborted } from './sleep.ts'
import { Timestamps } from './timestamp.ts'

export interface NodeOptions {
  /** Shared by all nodes of a cluster. */
  environment: SimulatedEnvironment
  /** For IDs. */
  random: Random
  /** Range of the pods' IPv4 addresses. Missing: the network is not ready until UpdateRuntimeConfig brings one. */
  podCIDR?: string
  /** Where pods in the node's own network are found. */
  nodeIP?: string
  nodeName?: string
  /** Names that RunPodSandbox may ask for beside the empty one. */
  runtimeHandlers?: readonly string[]
  /** What mounted files are. Missing: a container keeps what it writes in memory, and sees nothing of its mounts. */
  files?: NodeFiles
  diskBytes?: number
  /** What else is on the machine. */
  machine?: MachineListener
}

/** Is told synchronously. */
export interface MachineListener {
  /** The machine lost its power, or has it again. */
  onPower(isOn: boolean): void
  /** The machine was cut off from the network, or is connected again. */
  onNetwork(isConnected: boolean): void
}

const defaultDiskBytes = 100 * 2 ** 30
const idBytes = Buffer.alloc(32)

/** What the parts of a node go on from. */
export interface NodePartsState {
  lastAddress: number
  lastTimestampMs: number
  /** Nobody changes the map. */
  images: CopyOnWriteMap<string, PresentImage>
  events: EventStreamsState
}

/** A simulated node's state. What its verbs do lies in the files beside it. */
export class SimulatedNode {
  readonly options: NodeOptions
  readonly environment: SimulatedEnvironment
  readonly sandboxes = new CopyOnWriteMap<string, Sandbox>()
  readonly containers = new CopyOnWriteMap<string, Container>()
  readonly events: EventStreams
  readonly images: NodeImages
  readonly addresses: AddressPool
  readonly timestamps: Timestamps
  podCIDR: CIDR | undefined
  /** False while the machine is switched off. */
  isOn = true
  /** False while nobody but the machine itself reaches its pods. */
  isConnected = true
  diskFull = false
  /** How much longer what writes to the disk takes. */
  diskDelayMs = 0
  /** Made when a call waits first. */
  #waiting: Set<(error: Error) => void> | undefined
  /** Calls that take their time. */
  sleeping = 0

  /**
   * @param state of a node whose place is taken; its sandboxes and containers come with `restoreState`
   * @throws Error when the range makes no sense
   */
  constructor(options: NodeOptions, state?: NodePartsState) {
    this.options = options
    this.environment = options.environment
    this.events = new EventStreams(state?.events)
    this.images = new NodeImages(options.environment, state?.images)
    this.addresses = new AddressPool(state?.lastAddress)
    this.timestamps = new Timestamps(state?.lastTimestampMs)
    if (options.podCIDR !== undefined) this.setPodCIDR(options.podCIDR)
  }

  get diskBytes(): number {
    return this.options.diskBytes ?? defaultDiskBytes
  }

  setPodCIDR(text: string): void {
    const cidr = parseCIDR(text)
    if (cidr === undefined) throw new Error(`"${text}" is no range of IPv4 addresses`)
    this.podCIDR = cidr
  }

  /** A time for something that happens now; later ones are greater. Milliseconds since 1970 with fractions. */
  timestamp(): number {
    return this.timestamps.next(this.environment.clock.now())
  }

  newID(): string {
    for (let offset = 0; offset < idBytes.length; offset += 4)
      idBytes.writeUInt32LE(Math.floor(this.options.random.next() * 2 ** 32), offset)
    return idBytes.toString('hex')
  }

  /**
   * The container with this ID, or with the only one that begins so.
   * @param failure what is said before `not found`
   * @throws CRIError NotFound
   */
  container(id: string, failure = `an error occurred when try to find container "${id}"`): Container {
    const found = this.findContainer(id)
    if (found === undefined) throw new CRIError('NotFound', `${failure}: not found`)
    return found
  }

  /** The same for sandboxes. */
  sandbox(id: string, failure = 'an error occurred when try to find sandbox'): Sandbox {
    const found = this.findSandbox(id)
    if (found === undefined) throw new CRIError('NotFound', `${failure}: not found`)
    return found
  }

  findContainer(id: string): Container | undefined {
    return this.containers.get(id) ?? onlyMatch(this.containers, id)
  }

  findSandbox(id: string): Sandbox | undefined {
    return this.sandboxes.get(id) ?? onlyMatch(this.sandboxes, id)
  }

  /** Waits as a call does: the caller may leave (`signal.reason`), the runtime may go away (CRIError). */
  wait<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise: interrupted, reject } = Promise.withResolvers<never>()
    this.#waiting ??= new Set()
    const waiting = this.#waiting.add(reject)
    return untilAborted(Promise.race([promise, interrupted]), signal).finally(() => waiting.delete(reject))
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    using _ = this.environment.clock.after(ms, resolve)
    this.sleeping++
    try {
      await this.wait(promise, signal)
    } finally {
      this.sleeping--
    }
  }

  /** Ends all calls that are under way. */
  interrupt(error: Error): void {
    for (const reject of this.#waiting ?? []) reject(error)
  }

  hostnameOf(sandbox: Sandbox): string {
    return sandbox.hostname !== '' ? sandbox.hostname : (this.options.nodeName ?? '')
  }

  /** @throws CRIError */
  requireDisk(what: string): void {
    if (this.diskFull) throw new CRIError('Unknown', `${what}: write: no space left on device`)
  }
}

function onlyMatch<T>(all: CopyOnWriteMap<string, T>, prefix: string): T | undefined {
  if (prefix === '' || prefix.length >= 64) return undefined
  const matches = [...all.keys()].filter(id => id.startsWith(prefix))
  return matches.length === 1 ? all.get(matches[0]!) : undefined
}
