import { RealClock } from '#base/clock.ts'
import { keepAlive } from '#base/keep-alive.ts'
import { isLocked } from '#base/machine-lock.ts'
import type { ClusterFolder } from '#cluster/cluster-folder.ts'
import { serverLockName } from '#cluster/cluster-locks.ts'
import { requestStop } from '#cluster/control-socket.ts'
import { stopSupervisor } from './supervisor.ts'

/** A server has its lock for some milliseconds before it can be asked to stop: doubling between these. */
const firstLookMs = 2
const lookMsMax = 50

/** Stops the process that runs the cluster, whatever it is just doing, and resolves when it has ended; false when there was none. */
export async function stopServer(folder: ClusterFolder): Promise<boolean> {
  using _ = keepAlive()
  const clock = new RealClock()
  const { signal } = new AbortController()
  let found = await stopSupervisor(folder)
  for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 2, lookMsMax)) {
    if (await requestStop(folder.controlSocket)) found = true
    // Only looked at: a lock taken for a moment would be a running cluster to another "cox down", and stop a server that starts.
    if (!(await isLocked(serverLockName(folder)))) return found
    found = true
    await clock.sleep(lookMs, signal)
  }
}
