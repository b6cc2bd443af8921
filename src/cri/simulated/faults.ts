import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { requireMilliseconds } from '#base/known-fields.ts'
import type { ImageService, RuntimeService } from '../cri.ts'
import { CRIError } from '../error.ts'
import { endContainer, killed, loseProgram, lost, outOfMemory } from './container-end.ts'
import type { SimulatedNode } from './node.ts'
import { endSandbox } from './sandbox-verbs.ts'

export type Verb = keyof RuntimeService | keyof ImageService

type Effect = { delayMs: number } | { error: Error }

/** Calls that write to the disk. */
const writingVerbs: ReadonlySet<Verb> = new Set<Verb>([
  'runPodSandbox',
  'removePodSandbox',
  'createContainer',
  'startContainer',
  'removeContainer',
  'reopenContainerLog',
  'pullImage',
  'removeImage',
])

const gone = () => new CRIError('Unavailable', 'error reading from server: EOF')
const refused = () =>
  new CRIError(
    'Unavailable',
    'connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"',
  )

/** What is ordered, and how the runtime stands. */
export interface SimulatedFaultsState {
  rules: FaultRules<Verb, Effect>
  isDown: boolean
  isHung: boolean
}

/** What goes wrong on a simulated node. */
export class SimulatedFaults {
  readonly #node: SimulatedNode
  readonly #rules: FaultRules<Verb, Effect>
  #isDown: boolean
  #hung: PromiseWithResolvers<void> | undefined

  /** @param state of the faults of a node whose place is taken */
  constructor(node: SimulatedNode, state?: SimulatedFaultsState) {
    this.#node = node
    this.#rules = state?.rules.copy() ?? new FaultRules()
    this.#isDown = state?.isDown ?? false
    if (state?.isHung === true) this.#hung = Promise.withResolvers()
  }

  /** A copy. */
  get state(): SimulatedFaultsState {
    return { rules: this.#rules.copy(), isDown: this.#isDown, isHung: this.#hung !== undefined }
  }

  /** See `FaultRules.find`. */
  find(fault: Fault): Fault | undefined {
    return this.#rules.find(fault)
  }

  /** Lets calls of the runtime fail. */
  fail(verb: Verb, error: Error, occurrences: Occurrences = {}): Fault {
    return this.#rules.add(called => called === verb, { error }, occurrences)
  }

  /** Lets calls of the runtime take longer. */
  delay(verb: Verb, delayMs: number, occurrences: Occurrences = {}): Fault {
    requireMilliseconds('a delay in milliseconds', delayMs)
    return this.#rules.add(called => called === verb, { delayMs }, occurrences)
  }

  /** Everything works again: the machine and its runtime run, and are reached; what was ordered and has not happened yet is forgotten. */
  clear(): void {
    this.#rules.clear()
    this.setDiskFull(false)
    this.slowDisk(0)
    this.heal()
    if (!this.#node.isOn) this.startNode()
    if (this.#isDown) this.startRuntime()
    this.resume()
  }

  /** The event streams break; whoever listens has to subscribe again. */
  breakEvents(): void {
    this.#node.events.break()
  }

  /** The next events get lost without a word. */
  dropEvents(count: number): void {
    this.#node.events.drop(count)
  }

  /** The kernel kills the container's first process because memory ran out. */
  killOutOfMemory(containerID: string): void {
    endContainer(this.#node, this.#node.container(containerID), outOfMemory)
  }

  /** The container's first process is killed by somebody. */
  kill(containerID: string): void {
    endContainer(this.#node, this.#node.container(containerID), killed)
  }

  /** The sandbox itself dies; its containers go on. */
  killSandbox(podSandboxID: string): void {
    endSandbox(this.#node, this.#node.sandbox(podSandboxID))
  }

  /** The same with the sandbox of that pod. @throws CRIError NotFound */
  killSandboxOf({ namespace, name }: { namespace: string; name: string }): void {
    const found = [...this.#node.sandboxes.values()].find(each => each.ready && each.name === name && each.namespace === namespace)
    if (found === undefined) throw new CRIError('NotFound', `no sandbox of pod "${namespace}/${name}" is ready`)
    endSandbox(this.#node, found)
  }

  /** No space is left: nothing can be pulled or created, no log line is kept. */
  setDiskFull(isFull: boolean): void {
    this.#node.diskFull = isFull
  }

  /** From now on every call that writes to the disk takes so much longer; 0 makes it fast again. */
  slowDisk(delayMs: number): void {
    requireMilliseconds('a delay in milliseconds', delayMs)
    this.#node.diskDelayMs = delayMs
  }

  /** The machine is cut off from the network: its kubelet and the API server do not reach each other, nobody else its pods. They run on. */
  partition(): void {
    this.#connect(false)
  }

  /** The network is there again. */
  heal(): void {
    this.#connect(true)
  }

  /** The runtime goes down. Containers run on. */
  stopRuntime(): void {
    this.#isDown = true
    this.#node.interrupt(gone())
    this.breakEvents()
  }

  startRuntime(): void {
    this.#isDown = false
  }

  /** Down and up again at once: calls under way and event streams break, state is kept. */
  restartRuntime(): void {
    this.stopRuntime()
    this.startRuntime()
  }

  /** The runtime does not answer any more; events stop. Containers run on. */
  hang(): void {
    this.#hung ??= Promise.withResolvers()
    this.#node.events.pause()
  }

  /** Calls that wait go on, held-back events arrive. */
  resume(): void {
    this.#hung?.resolve()
    this.#hung = undefined
    this.#node.events.resume()
  }

  /** The machine loses power: nothing answers, pods cannot be reached, what ran is lost, the kubelet too. */
  stopNode(): void {
    if (!this.#node.isOn) return
    this.hang()
    this.#node.isOn = false
    for (const container of this.#node.containers.values()) loseProgram(container)
    this.#node.options.machine?.onPower(false)
  }

  /** The machine comes back: containers that ran have ended with 255 (`Unknown`), no sandbox is ready. */
  startNode(): void {
    if (this.#node.isOn) return
    this.#node.isOn = true
    // Whoever still waits had a connection to the machine that was.
    this.restartRuntime()
    this.#hung = undefined
    this.#node.events.resume()
    for (const container of this.#node.containers.values()) endContainer(this.#node, container, lost)
    for (const sandbox of this.#node.sandboxes.values()) endSandbox(this.#node, sandbox)
    this.#node.options.machine?.onPower(true)
  }

  /** Decides about a call: undefined lets it pass at once. */
  admit(verb: Verb, signal: AbortSignal): Promise<void> | undefined {
    const effects = this.#rules.isEmpty ? [] : this.#rules.due(verb)
    const { diskDelayMs } = this.#node
    if (diskDelayMs > 0 && writingVerbs.has(verb)) effects.push({ delayMs: diskDelayMs })
    if (effects.length === 0 && !this.#isDown && this.#hung === undefined) return undefined
    return this.#apply(effects, signal)
  }

  #connect(isConnected: boolean): void {
    if (this.#node.isConnected === isConnected) return
    this.#node.isConnected = isConnected
    this.#node.options.machine?.onNetwork(isConnected)
  }

  async #apply(effects: readonly Effect[], signal: AbortSignal): Promise<void> {
    if (this.#hung !== undefined) await this.#node.wait(this.#hung.promise, signal)
    if (this.#isDown) throw refused()
    for (const effect of effects) {
      if ('error' in effect) throw effect.error
      await this.#node.sleep(effect.delayMs, signal)
    }
  }
}
