import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { type ClusterSnapshot, startCluster } from '#cluster/index.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { ownEndpoint } from './addresses.ts'
import type { Canary } from './canaries.ts'
import { between, chance, weighted } from './choice.ts'
import { copyOf, describe, planOf, underWay } from './copies.ts'
import { endFaults, faults } from './faults.ts'
import { Invariants } from './invariants/all.ts'
import { defineImages } from './pod-kinds.ts'
import { emptyCluster, removeLostNodes } from './ending.ts'
import { type Setting, settingOf } from './setting.ts'
import { leavesNoTimer, stopsAtOnce } from './stop.ts'
import { type Failure, runsToItsEnd, Verdict } from './verdict.ts'
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
  /** False: where a copy would take the cluster's place, it goes on itself. */
  isCopied?: boolean | undefined
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
/** For copies that are to be compared. */
const orderlyFaults = faults.filter(({ dependsOnWatches }) => dependsOnWatches !== true)
/** Before such a copy. */
const waitForQuietMs = 1_000
const waitsForQuietMax = 20
/** How long the cluster is given between two looks at whether it has come to rest. */
const lookEveryMs = 20_000

/** A cluster that has just been started, without nodes: all seeds of a process go on from it, so that none has to wait for keys and first objects. */
export async function startBase(): Promise<ClusterSnapshot> {
  await using cluster = await startCluster({ clock: new VirtualClock(), seed: 0, api: ownEndpoint() })
  return await cluster.snapshot()
}

/** Drives a whole cluster through random work and faults, then lets it come to rest, and looks whether all invariants hold. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const { base, seed, canary } = options
  const setting = settingOf(seed)
  const storage = await MemoryStorage.copyOf(base.parts.state.storage)
  const log = new WriteLog()
  const verdict = new Verdict()
  const steps: string[] = []
  using _rejections = verdict.onUnhandledRejection()
  try {
    const cluster = await startCluster({ from: base, seed, storage: canary?.storage?.(storage) ?? storage, api: ownEndpoint() })
    await using world = new World(cluster, log)
    await world.record()
    await cluster.addNodes(setting.nodes)
    defineImages(cluster)
    for (const node of cluster.nodes) canary?.node?.(node)
    await using invariants = new Invariants(world, verdict)
    await new Run({ world, invariants, verdict, setting, options, steps }).toTheEnd()
    await stopsAtOnce(world.cluster)
    await invariants.lookAway()
    leavesNoTimer(world.cluster)
  } catch (error) {
    verdict.fail(runsToItsEnd, (error as Error).stack ?? String(error))
  }
  return { seed, steps, log, failure: verdict.failure }
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
    const { world, invariants, setting, options } = this.#parts
    // A bug that was put in would not come along.
    const isCopyable = options.canary === undefined || options.canary.copied !== undefined
    const { faultShare, pauseMsMax, copyShare } = setting
    if (copyShare > 0 && chance(random, copyShare) && isCopyable) return this.#copy(index, random)
    const isFault = chance(random, faultShare)
    const action = weighted(random, isFault ? (setting.areCopiesEqual ? orderlyFaults : faults) : workload)
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

  /** Goes on with a copy of the cluster. */
  async #copy(index: number, random: SeededRandom): Promise<void> {
    const { world, invariants, options, setting } = this.#parts
    await world.answers()
    const plan = planOf(random)
    const obstacle = setting.areCopiesEqual ? await this.#obstacle() : undefined
    this.#note(obstacle === undefined ? describe(plan) : `no copy: ${obstacle}`, index)
    if (obstacle !== undefined) return
    await invariants.lookAway()
    await world.goOnAs(async cluster => (options.isCopied === false ? cluster : copyOf(cluster, plan, options.canary)))
    invariants.lookAgain()
  }

  /** Lets time go on until a copy would write what the original writes. @returns what is in the way, when that does not come soon */
  async #obstacle(): Promise<string | undefined> {
    const { cluster } = this.#parts.world
    for (let waits = 0; ; waits++) {
      const obstacle = underWay(cluster, await cluster.snapshot())
      if (obstacle === undefined || waits === waitsForQuietMax) return obstacle
      await cluster.clock.advance(waitForQuietMs)
    }
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
    const seconds = world.passedMs / 1000
    steps.push(`${index === undefined ? '' : `#${index}`.padEnd(5)}${seconds.toFixed(1).padStart(8)} s  ${text}`)
  }
}
