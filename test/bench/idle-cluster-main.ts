/** A fresh process with one idle cluster, or with none: for `benchIdleCluster`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Library from '#cluster/index.ts'

const [library, nodes] = [process.argv[2]!, process.argv[3]!]

/** Until what is freed is given back. */
const settleMs = 1_000

if (nodes !== 'none') {
  const { startCluster } = (await import(library)) as typeof Library
  const cluster = await startCluster({ nodes: { count: Number(nodes) } })
  await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })
}
for (let round = 0; round < 2; round++) {
  await sleep(settleMs)
  globalThis.gc!()
}
process.send!(process.memoryUsage.rss(), () => process.exit())
