import type { Cluster } from '#cluster/index.ts'

/** More turns of the event loop than anything needs that does not wait for time. */
const stopTurnsMax = 10_000

/** Stops a cluster. @throws Error when it waits for time to pass */
export async function stopsAtOnce(cluster: Cluster): Promise<void> {
  let isStopped = false
  const stopping = cluster.stop().finally(() => (isStopped = true))
  for (let turns = 0; !isStopped; turns++) {
    if (turns > stopTurnsMax) throw new Error('the cluster waits for time to pass before it stops')
    await new Promise(resolve => setImmediate(resolve))
  }
  await stopping
}

/** @throws Error when a cluster that was stopped, and that nobody watches any more, has left a timer */
export function leavesNoTimer({ clock }: Cluster): void {
  if (clock.waiting > 0) throw new Error(`the cluster has stopped, and ${clock.waiting} timers wait`)
}
