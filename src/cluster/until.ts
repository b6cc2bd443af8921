import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { isExpired, isInternalError, isServiceUnavailable, isTimeout, isTooManyRequests } from '#apimachinery/status/status.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import type { Client, ObjectRef } from '#client/client.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { type ClusterTime, DeadlineExceeded, type WaitOptions } from './time.ts'

/** Whether an object is as it should be; undefined while there is none. The object is the caller's own. */
export type Predicate<T> = (object: T | undefined) => boolean

const phases: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Active', 'Terminating']
const defaultTimeout = '5m'
const retryMs = 100

/** `Ready` or another condition, `Running` or another phase, `Exists`, `Deleted`. */
export function predicateOf<T extends KubeObject>(wanted: string | Predicate<T>): Predicate<T> {
  if (typeof wanted === 'function') return wanted
  if (wanted === 'Deleted') return object => object === undefined
  if (wanted === 'Exists') return object => object !== undefined
  const status = (object: T | undefined) =>
    (object as { status?: { phase?: string; conditions?: { type: string; status: string }[] } } | undefined)?.status
  if (phases.includes(wanted)) return object => status(object)?.phase === wanted
  return object => status(object)?.conditions?.some(each => each.type === wanted && each.status === 'True') === true
}

/** The server is down, or will not answer now. */
function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return true
  return isTooManyRequests(error) || isInternalError(error) || isServiceUnavailable(error) || isTimeout(error)
}

export interface UntilOptions extends WaitOptions {
  client: Client
  time: ClusterTime
}

/**
 * Follows an object until it is as wanted; virtual time goes on meanwhile. @returns a copy of the object, or of its last state when it is deleted
 * @param options.timeout five minutes when left out
 * @throws DeadlineExceeded with the object's state
 */
export async function untilObject<T extends KubeObject>(
  ref: ObjectRef,
  wanted: string | Predicate<T>,
  { client, time, timeout = defaultTimeout, signal }: UntilOptions,
): Promise<T | undefined> {
  const predicate = predicateOf(wanted)
  const holds = typeof wanted === 'function' ? (object: T | undefined) => predicate(deepCopy(object)) : predicate
  const end = new AbortController()
  let current: T | undefined
  let last: T | undefined
  const outcome: { isKnown: boolean; found?: T | undefined; failure?: unknown } = { isKnown: false }
  let ask = () => {}
  // Every state is looked at: one that passes counts, too.
  const look = (object: T | undefined) => {
    current = object
    last = object ?? last
    if (!outcome.isKnown && holds(object)) Object.assign(outcome, { isKnown: true, found: last })
    ask()
  }
  const follow = async () => {
    const { apiVersion, kind, namespace, name } = ref
    const collection = { apiVersion, kind, namespace, fieldSelector: `metadata.name=${name}` }
    while (!end.signal.aborted) {
      try {
        const { items, metadata } = await client.list<T>(collection, end.signal)
        look(items[0])
        for await (const events of client.watch<T>({ ...collection, resourceVersion: metadata.resourceVersion! }, end.signal)) {
          for (const { type, object } of events) {
            if (type === 'BOOKMARK') continue
            last = object
            look(type === 'DELETED' ? undefined : object)
          }
        }
      } catch (error) {
        if (end.signal.aborted || isExpired(error)) continue
        if (isPassing(error)) {
          await time.sleep(retryMs, end.signal).catch(() => undefined)
          continue
        }
        Object.assign(outcome, { isKnown: true, failure: error })
        ask()
        return
      }
    }
  }
  const following = follow()
  try {
    // A write is seen here some turns after it was made.
    await time.runUntil(() => outcome.isKnown, { timeout, signal, alsoAfter: askAgain => (ask = askAgain) })
  } catch (error) {
    if (!(error instanceof DeadlineExceeded)) throw error
    const name = `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}`
    const state = JSON.stringify((current as { status?: unknown } | undefined)?.status ?? 'none')
    const what = typeof wanted === 'string' ? wanted : 'as wanted'
    throw new DeadlineExceeded(`${name} was not ${what} within ${timeout}; its status: ${state}`, { cause: error })
  } finally {
    end.abort(new Error('done'))
    await following
  }
  if (outcome.failure !== undefined) throw outcome.failure
  return deepCopy(outcome.found)
}
