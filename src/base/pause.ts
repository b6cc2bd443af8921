import { abortable } from './abortable.ts'
import type { Clock, Due } from './clock.ts'

/**
 * A wait that a copy of whoever waits can go on with. Resolves when it is over, or the signal is aborted.
 * @param until milliseconds from now, or what another pause waits for
 * @param tell told when it ends, and with `undefined` that it has
 */
export async function pause(clock: Clock, until: number | Due, signal: AbortSignal, tell: (due: Due | undefined) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  using timer = typeof until === 'number' ? clock.after(until, resolve) : clock.at(until, resolve)
  tell(timer.due)
  await abortable(promise, signal).catch(() => {})
  tell(undefined)
}
