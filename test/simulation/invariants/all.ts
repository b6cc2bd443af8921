import { Group } from '#base/group.ts'
import type { Verdict } from '../verdict.ts'
import type { World } from '../world.ts'
import { namespacesAreComplete, nodesBecomeReady, podsBecomeWhatTheyShould } from './desired-state.ts'
import { everythingIsGone } from './deletion.ts'
import type { Invariant } from './invariant.ts'
import { noWriteIsLost } from './lost-writes.ts'
import { hostPortsAreUnique, nodesAreNotOvercommitted } from './node-room.ts'
import { addressesAreUnique } from './pod-addresses.ts'
import { deletionGoesOn, endsAreFinal, podsAreBoundOnce, podsKeepTheirIdentity, restartsCountUp } from './pod-history.ts'
import { eventsAreBounded, nobodyWritesInCircles } from './quietness.ts'
import { revisionsIncrease } from './revisions.ts'
import { runtimesAgreeWithTheAPI } from './runtime.ts'
import { WatchObservers } from './watches.ts'

/** All that must be true of one cluster. What is found wrong first counts. */
export class Invariants implements AsyncDisposable {
  readonly #world: World
  readonly #watches: WatchObservers
  readonly #all: readonly Invariant[]
  readonly #verdict: Verdict
  #observing: Group | undefined

  constructor(world: World, verdict: Verdict) {
    this.#world = world
    this.#verdict = verdict
    this.#watches = new WatchObservers(world)
    this.#all = [
      revisionsIncrease(),
      noWriteIsLost(),
      podsKeepTheirIdentity(),
      podsAreBoundOnce(),
      endsAreFinal(),
      deletionGoesOn(),
      restartsCountUp(),
      addressesAreUnique(),
      nodesAreNotOvercommitted(),
      hostPortsAreUnique(),
      this.#watches,
      podsBecomeWhatTheyShould(),
      nodesBecomeReady(),
      namespacesAreComplete(),
      runtimesAgreeWithTheAPI(),
      eventsAreBounded(),
      nobodyWritesInCircles(),
      everythingIsGone(),
    ]
    world.log.onWrite(write => {
      for (const invariant of this.#all) this.#check(invariant, invariant.onWrite?.(write))
    })
    this.lookAgain()
  }

  /** Watches the API of the world's cluster from now on. */
  lookAgain(): void {
    const { ended } = this.#world.cluster
    ended.catch(error => this.#verdict.fail('no part of the cluster breaks', String((error as Error).stack ?? error)))
    this.#observing = new Group(new AbortController().signal)
    this.#observing.spawn(signal => this.#watches.run(signal))
  }

  /** Another cluster is about to take the place of the world's. */
  async lookAway(): Promise<void> {
    await this.#observing?.[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lookAway()
  }

  cutWatch(index: number): string {
    return this.#watches.cut(index)
  }

  whenQuiet(): void {
    for (const invariant of this.#all) this.#check(invariant, invariant.whenQuiet?.(this.#world))
  }

  /** @param isLate whatever is not as it should be by now is a failure */
  async isAtRest(when: 'whenSettled' | 'whenEmpty', isLate: boolean): Promise<boolean> {
    let isAtRest = true
    for (const invariant of this.#all) {
      const problems = [...((await invariant[when]?.(this.#world)) ?? [])]
      if (problems.length === 0) continue
      if (!isLate) return false
      isAtRest = false
      this.#verdict.fail(invariant.name, problems.join('\n'))
    }
    return isAtRest || isLate
  }

  #check({ name }: Invariant, problem: string | undefined): void {
    if (problem !== undefined) this.#verdict.fail(name, problem)
  }
}
