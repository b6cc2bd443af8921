import { type LockHolder, type MachineLock, tryLock } from '#base/machine-lock.ts'
import type { ClusterFolder } from './cluster-folder.ts'

/** Held by the process that runs the cluster, and by the one that removes it. */
export const serverLockName = ({ id }: ClusterFolder): string => `${id}/server`

/** Held by a `cox up` until the cluster is ready. */
const startLockName = ({ id }: ClusterFolder): string => `${id}/start`

/** For the process that runs or removes the cluster. @throws when another one does */
export function lockServer(folder: ClusterFolder): Promise<MachineLock> {
  return lockOrFail(serverLockName(folder), holder => `the cluster in "${folder.data}" is already run or removed by ${holder}`)
}

/** For who starts the cluster, which takes several processes. @throws when another one does */
export function lockStart(folder: ClusterFolder): Promise<MachineLock> {
  const advice = 'wait for it, or stop it with "cox down"'
  return lockOrFail(startLockName(folder), holder => `the cluster in "${folder.data}" is just being started by ${holder}; ${advice}`)
}

async function lockOrFail(name: string, message: (holder: string) => string): Promise<MachineLock> {
  const outcome = await tryLock(name)
  if ('lock' in outcome) return outcome.lock
  throw new Error(message(describe(outcome.holder)))
}

function describe({ pid }: LockHolder): string {
  return pid === undefined ? 'another process' : `process ${pid}`
}
