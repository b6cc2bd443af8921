/** A fresh process that starts a cluster in memory, answers one list, and tells how long that took: for `benchStartCluster`. */
import { enableCompileCache } from 'node:module'
import type * as Library from '#cluster/index.ts'

enableCompileCache()

export interface StartTimes {
  importMs: number
  /** In a process that has run nothing yet. */
  first: RoundTimes
  second: RoundTimes
}

interface RoundTimes {
  /** startCluster() and the first list. */
  listedMs: number
  stopMs: number
}

const imported = performance.now()
const { startCluster } = (await import(process.argv[2]!)) as typeof Library
const importMs = performance.now() - imported
process.send!({ importMs, first: await round(), second: await round() } satisfies StartTimes)
process.disconnect()

async function round(): Promise<RoundTimes> {
  const began = performance.now()
  const cluster = await startCluster()
  await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })
  const listed = performance.now()
  await cluster.stop()
  return { listedMs: listed - began, stopMs: performance.now() - listed }
}
