/** A fresh process that starts a cluster in memory, answers one list, and tells how long that took: for `benchStartCluster`. */
import { enableCompileCache } from 'node:module'

enableCompileCache()

export interface StartTimes {
  importMs: number
  /** startCluster() and the first list, in a process that has run nothing yet. */
  coldMs: number
  /** The same once more. */
  warmMs: number
}

const imported = performance.now()
const { startCluster } = await import('#cluster/index.ts')
const started = performance.now()
const coldMs = await startToFirstList()
process.send!({ importMs: started - imported, coldMs, warmMs: await startToFirstList() } satisfies StartTimes)
process.disconnect()

async function startToFirstList(): Promise<number> {
  const began = performance.now()
  await using cluster = await startCluster()
  await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })
  return performance.now() - began
}
