import { apiFaults } from './api-faults.ts'
import { machineFaults } from './machine-faults.ts'
import type { Action } from './workload.ts'
import type { World } from './world.ts'

/** What goes wrong. */
export const faults: readonly Action[] = [...machineFaults, ...apiFaults]

/** From now on nothing goes wrong any more. */
export async function endFaults(world: World): Promise<void> {
  for (const undo of world.faults.values()) undo(world.cluster)
  world.faults.clear()
  await world.cluster.faults.clear()
}
