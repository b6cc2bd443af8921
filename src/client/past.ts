import type { Transport } from './transport.ts'

/** Which state was the newest at a time, `?time=` in RFC 3339 or `?agoMs=`, or the oldest that is stored. JSON of a `PastState`. */
export const pastPath = '/debug/past'

/** A state of the storage that was the newest for a time. */
export interface PastState {
  /** For exact reads. */
  resourceVersion: string
  /** RFC 3339: when the state began. */
  time: string
}

/** A point in time of the cluster's clock, in milliseconds since 1970; or how long ago it is. */
export type PastTime = { timeMs: number } | { agoMs: number }

/**
 * The state that was the newest at a time.
 * @throws StatusError Expired when it is not stored any more, with the oldest time that is; BadRequest for the future
 */
export async function stateAt(transport: Transport, time: PastTime, signal: AbortSignal): Promise<PastState> {
  const query = new URLSearchParams('timeMs' in time ? { time: new Date(time.timeMs).toISOString() } : { agoMs: String(time.agoMs) })
  const { body } = await transport.request({ method: 'GET', path: `${pastPath}?${query}` }, signal)
  return body as PastState
}

/** The oldest state that is stored and whose time is known. @throws StatusError Expired when there is none */
export async function oldestState(transport: Transport, signal: AbortSignal): Promise<PastState> {
  const { body } = await transport.request({ method: 'GET', path: pastPath }, signal)
  return body as PastState
}
