import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Storage } from '#storage/storage.ts'

/** As kube-apiserver's --etcd-compaction-interval. */
export const defaultHistoryMs = 5 * 60_000
const intervalMinMs = 1_000
const intervalMaxMs = 5 * 60_000

export interface CompactionOptions {
  storage: Storage
  /** What is older is forgotten, with the next of the regular looks: after twice this time at the latest. Infinite: nothing ever is. */
  historyMs?: number
  clock: Clock
  log: Logger
}

/** Keeps the history of the storage short until the signal is aborted. */
export async function runCompaction(
  { storage, historyMs = defaultHistoryMs, clock, log }: CompactionOptions,
  signal: AbortSignal,
): Promise<void> {
  if (!Number.isFinite(historyMs)) return
  const intervalMs = Math.min(Math.max(historyMs, intervalMinMs), intervalMaxMs)
  let marks = [{ revision: storage.revision, atMs: clock.monotonicMs() }]
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal).catch(() => {})
    if (signal.aborted) return
    const nowMs = clock.monotonicMs()
    marks.push({ revision: storage.revision, atMs: nowMs })
    const old = marks.findLast(({ atMs }) => atMs <= nowMs - historyMs)
    if (old === undefined) continue
    marks = marks.filter(mark => mark !== old && mark.atMs >= old.atMs)
    await storage.compact(old.revision).catch(error => log.warn('cannot compact the storage', { error }))
  }
}
