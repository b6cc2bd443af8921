/** What a number of clients, each waiting for its answer before it asks again, got. */
export interface Load {
  perSecond: number
  /** CPU of this thread for one operation. */
  threadCPUMicroseconds: number
  p50Ms: number
  p99Ms: number
}

/** Runs `operation` from `clients` at once until `count` are done. */
export async function runLoad(clients: number, count: number, operation: (client: number) => Promise<void>): Promise<Load> {
  const latenciesMs: number[] = []
  let left = count
  const cpuBefore = process.threadCpuUsage()
  const start = performance.now()
  const client = async (index: number) => {
    while (left-- > 0) {
      const asked = performance.now()
      await operation(index)
      latenciesMs.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)))
  const tookMs = performance.now() - start
  const cpu = process.threadCpuUsage(cpuBefore)
  latenciesMs.sort((a, b) => a - b)
  return {
    perSecond: (count / tookMs) * 1000,
    threadCPUMicroseconds: (cpu.user + cpu.system) / count,
    p50Ms: latenciesMs[Math.floor(count / 2)]!,
    p99Ms: latenciesMs[Math.floor(count * 0.99)]!,
  }
}
