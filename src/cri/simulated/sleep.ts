import type { Clock } from '#base/clock.ts'

/** `clock.sleep`, without a timer when it is for ever. Rejects with `signal.reason`. */
export function sleepFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return ms === Number.POSITIVE_INFINITY ? untilAborted(new Promise(() => undefined), signal) : clock.sleep(ms, signal)
}

/** The promise, or the rejection with `signal.reason` when that comes first. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = () => reject(signal.reason)
    const leave = () => signal.removeEventListener('abort', onAbort)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(
      value => {
        leave()
        resolve(value)
      },
      error => {
        leave()
        reject(error)
      },
    )
  })
}
