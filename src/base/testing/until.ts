import type { VirtualClock } from '../clock.ts'

const roundsMax = 2_000

/**
 * Lets the process work, `stepMs` of virtual time a round, until the condition holds; 0 leaves the time where it is.
 * @throws when it does not hold after many rounds
 */
export async function until(clock: VirtualClock, holds: () => boolean | Promise<boolean>, stepMs = 0): Promise<void> {
  for (let round = 0; round < roundsMax; round++) {
    if (await holds()) return
    await clock.advance(stepMs)
  }
  throw new Error(`after ${roundsMax} rounds this does not hold: ${holds}`)
}
