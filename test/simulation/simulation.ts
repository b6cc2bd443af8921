import { VirtualClock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import { SeededRandom } from '#base/random.ts'
import { type Cluster, type ClusterSnapshot, startCluster } from '#cluster/index.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import type { Canary } from './canaries.ts'
import { between, chance, oneOf, weighted } from './choice.ts'
import { endFaults, faults } from './faults.ts'
import { Invariants } from './invariants/all.ts'
import { defineImages } from './pod-kinds.ts'
import { emptyCluster, removeLostNodes } from './ending.ts'
import { type Failure, Verdict } from './verdict.ts'
import { workload } from './workload.ts'
import { World } from './world.ts'
import { WriteLog } from './write-log.ts'

export interface SimulationOptions {
  /** What every seed begins with: see `startBase`. */
  base: ClusterSnapshot
  /** Decides everything. */
  seed: number
  /** How many things are done to the cluster, faults among them. */
  steps: number
  /** Numbers of steps that are left out; the others stay what they are, as far as what they need is there. */
  without?: ReadonlySet<number>
  /** A bug to put in. */
  canary?: Canary | undefined
}

export interface Outcome {
  seed: number
  /** What was done and when, by step. */
  steps: readonly string[]
  log: WriteLog
  failure: Failure | undefined
}

/** Within this time of the cluster everything must have come to rest, once nothing goes wrong any more. */
const settleMsMax = 20 * 60_000
const emptyMsMax = 5 * 60_000
/** How long the cluster is given between two looks at whether it has come to rest. */
const lookEveryMs = 20_000

/** A cluster that has just been started, without nodes: all seeds of a process go on from it, so that none has to wait for keys and first objects. */
export async function startBase(): Promise<ClusterSnapshot> {
  await using cluster = await startCluster({ clock: new VirtualClock(), seed: 0, api: { host: ownAddress(), port: 6443 } })
  return await cluster.snapshot()
}

/** Drives a whole cluster through random work and faults, then lets it come to rest, and looks whether all invariants hold. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const { base, seed, canary } = options
  const setting = settingOf(seed)
  const clock = new VirtualClock(base.time)
  const storage = await MemoryStorage.copyOf(base.parts.state.storage)
  const log = new WriteLog(clock)
  const verdict = new Verdict()
  const steps: string[] = []
  using _rejections = verdict.onUnhandledRejection()
  using _recording = await storage.watch({ prefix: '/', afterRevision: 0 }, events => log.append(events))
  try {
    await using cluster = await startCluster({
      from: base,
      seed,
      clock,
      storage: canary?.storage?.(storage) ?? storage,
      api: { host: ownAddress(), port: 6443 },
    })
    await cluster.addNodes(setting.nodes)
    defineImages(cluster)
    for (const node of cluster.nodes) canary?.node?.(node)
    const world = new World({ cluster, clock, log })
    const invariants = new Invariants(world, verdict)
    await using tasks = new Group(new AbortController().signal)
    tasks.spawn(signal => invariants.observe(signal))
    await new Run({ world, invariants, verdict, setting, options, steps }).toTheEnd()
    await stopsAtOnce(cluster, clock)
  } catch (error) {
    verdict.fail('the simulation runs to its end', (error as Error).stack ?? String(error))
  }
  if (clock.waiting > 0) verdict.fail('a cluster that was stopped is gone', `${clock.waiting} timers wait`)
  return { seed, steps, log, failure: verdict.failure }
}

/** More turns of the event loop than anything needs that does not wait for time. */
const stopTurnsMax = 10_000

/** @throws Error when the cluster waits for time to pass */
async function stopsAtOnce(cluster: Cluster, clock: VirtualClock): Promise<void> {
  let isStopped = false
  const stopping = cluster.stop().finally(() => (isStopped = true))
  for (let turns = 0; !isStopped; turns++) {
    if (turns > stopTurnsMax) {
      await clock.advance(60_000)
      throw new Error(`the cluster waits for time to pass before it stops${isStopped ? '' : ', and even a minute is too short'}`)
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  await stopping
}

/** An address of loopback for this process: the port is written down in the cluster, so that any free one would make each run another. */
function ownAddress(): string {
  const { pid } = process
  return `127.${1 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`
}

interface Setting {
  nodes: { count: number; capacity: { cpu: number; pods: number } }
  /** How often a step is a fault. */
  faultShare: number
  /** How often what is asked for is not waited for. */
  hasteShare: number
  /** How long the pauses between steps are at most. */
  pauseMsMax: number
}

function settingOf(seed: number): Setting {
  const random = new SeededRandom(seed)
  return {
    nodes: { count: between(random, 1, 3), capacity: { cpu: oneOf(random, [2, 4]), pods: oneOf(random, [4, 110]) } },
    faultShare: oneOf(random, [0, 0.2, 0.4, 0.6]),
    hasteShare: oneOf(random, [0, 0.2, 0.6]),
    pauseMsMax: oneOf(random, [500, 5_000, 5_000, 40_000, 200_000]),
  }
}

interface RunParts {
  world: World
  invariants: Invariants
  verdict: Verdict
  setting: Setting
  options: SimulationOptions
  /** Filled with what is done. */
  steps: string[]
}

class Run {
  readonly #parts: RunParts

  constructor(parts: RunParts) {
    this.#parts = parts
  }

  async toTheEnd(): Promise<void> {
    const { world, options } = this.#parts
    const { seed, steps, without } = options
    for (let index = 0; index < steps && !this.#hasFailed; index++) {
      // Each step has luck of its own: leaving one out does not change the others.
      if (without?.has(index) !== true) await this.#step(index, new SeededRandom(seed * 8_191 + index * 131 + 1))
    }
    if (this.#hasFailed) return
    await world.answers()
    await endFaults(world)
    await removeLostNodes(world)
    this.#note('nothing goes wrong any more')
    await this.#settle('whenSettled', settleMsMax)
    if (this.#hasFailed) return
    await emptyCluster(world)
    this.#note('everything is deleted')
    await this.#settle('whenEmpty', emptyMsMax)
  }

  get #hasFailed(): boolean {
    return this.#parts.verdict.failure !== undefined
  }

  async #step(index: number, random: SeededRandom): Promise<void> {
    const { world, invariants, setting } = this.#parts
    const { faultShare, pauseMsMax } = setting
    const isFault = chance(random, faultShare)
    const action = weighted(random, isFault ? faults : workload)
    world.isHasty = !isFault && chance(random, setting.hasteShare)
    const text = await action.run(world, random)
    const isHasty = world.isHasty
    world.isHasty = false
    if (text !== undefined) this.#note(text, index)
    if (chance(random, 0.1)) this.#note(invariants.cutWatch(between(random, 0, 9)), index)
    // Nothing happens in between: what was sent now meets what is sent next.
    if (isHasty) return
    if (chance(random, 0.7)) await world.cluster.clock.advance(between(random, 0, pauseMsMax))
    else await world.cluster.clock.settle()
    invariants.whenQuiet()
  }

  /** Lets time go on until nothing is wrong, or the time is over. */
  async #settle(when: 'whenSettled' | 'whenEmpty', withinMs: number): Promise<void> {
    const { world, invariants } = this.#parts
    const untilMs = world.clock.now() + withinMs
    for (;;) {
      await world.cluster.clock.advance(lookEveryMs)
      invariants.whenQuiet()
      if (this.#hasFailed) return
      const isLate = world.clock.now() >= untilMs
      if (await invariants.isAtRest(when, isLate)) return
    }
  }

  #note(text: string, index?: number): void {
    const { world, steps } = this.#parts
    const seconds = world.clock.monotonicMs() / 1000
    steps.push(`${index === undefined ? '' : `#${index}`.padEnd(5)}${seconds.toFixed(1).padStart(8)} s  ${text}`)
  }
}
