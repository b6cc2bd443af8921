import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Storage } from '#storage/storage.ts'

/** As kube-apiserver's --etcd-compaction-interval: what is older than one to two intervals is forgotten. */
const compactionIntervalMs = 5 * 60_000

/** Keeps the history of the storage short until the signal is aborted. */
export async function runCompaction(
  { storage, clock, log }: { storage: Storage; clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  let before = storage.revision
  while (!signal.aborted) {
    await clock.sleep(compactionIntervalMs, signal).catch(() => {})
    if (signal.aborted) return
    const revision = storage.revision
    await storage.compact(before).catch(error => log.warn('cannot compact the storage', { error }))
    before = revision
  }
}
