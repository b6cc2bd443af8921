/** A fresh process in which a Pod crashes through its whole back-off, in virtual time: for `benchBackOff`. */
import type { Pod } from '#api/core/v1/types.gen.ts'
import type * as Library from '#cluster/index.ts'

const [library, rounds] = [process.argv[2]!, Number(process.argv[3])]

export interface BackOffTimes {
  /** From the create to the last restart, the first time in the process. */
  first: BackOffTime
  last: BackOffTime
}

interface BackOffTime {
  ms: number
  cpuMs: number
  virtualMinutes: number
}

/** Restarts until the wait is five minutes, and one more. */
const restarts = 8

const { startCluster } = (await import(library)) as typeof Library
const times: BackOffTime[] = []
for (let round = 0; round < rounds; round++) times.push(await crashThrough())
process.send!({ first: times[0]!, last: times.at(-1)! } satisfies BackOffTimes)
process.disconnect()

async function crashThrough(): Promise<BackOffTime> {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  cluster.images.define('crasher', { exitAfterMs: 1_000, exitCode: 1 })
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'main', image: 'crasher' }] },
  }
  const [began, cpu, virtualMs] = [performance.now(), process.cpuUsage(), cluster.clock.now()]
  await cluster.client.create(pod)
  await cluster.until(pod, now => now?.status?.containerStatuses?.[0]?.restartCount === restarts, { timeout: '1h' })
  const { user, system } = process.cpuUsage(cpu)
  const virtualMinutes = (cluster.clock.now() - virtualMs) / 60_000
  return { ms: performance.now() - began, cpuMs: (user + system) / 1_000, virtualMinutes }
}
