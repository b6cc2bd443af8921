import { SeededRandom } from '#base/random.ts'
import { between, chance, oneOf } from './choice.ts'

/** What kind of cluster a seed drives, and how. */
export interface Setting {
  nodes: { count: number; capacity: { cpu: number; pods: number } }
  /** How often a step is a fault. */
  faultShare: number
  /** How often what is asked for is not waited for. */
  hasteShare: number
  /** How long the pauses between steps are at most. */
  pauseMsMax: number
  /** How often a step is that a copy takes the place of the cluster. */
  copyShare: number
  /** Copies are taken when nothing is under way that they would begin again: they must write what the original writes. */
  areCopiesEqual: boolean
}

/** Whether the writes must be the same with copies and without. */
export function areCopiesEqual(seed: number): boolean {
  const { copyShare, areCopiesEqual } = settingOf(seed)
  return copyShare > 0 && areCopiesEqual
}

export function settingOf(seed: number): Setting {
  const random = new SeededRandom(seed)
  return {
    nodes: { count: between(random, 1, 3), capacity: { cpu: oneOf(random, [2, 4]), pods: oneOf(random, [4, 110]) } },
    faultShare: oneOf(random, [0, 0.2, 0.4, 0.6]),
    hasteShare: oneOf(random, [0, 0.2, 0.6]),
    pauseMsMax: oneOf(random, [500, 5_000, 5_000, 40_000, 200_000]),
    copyShare: oneOf(random, [0, 0, 0.06]),
    areCopiesEqual: chance(random, 0.3),
  }
}
