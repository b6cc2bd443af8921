import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { isExpired, isInternalError, isServiceUnavailable, isTimeout, isTooManyRequests } from '#apimachinery/status/status.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import type { Client, ObjectRef } from '#client/client.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { durationText } from './duration.ts'
import { ClusterStopped, type ClusterTime, DeadlineExceeded, type WaitOptions } from './time.ts'

/** Whether an object is as it should be; undefined while there is none. The object is the caller's own. */
export type Predicate<T> = (object: T | undefined) => boolean

const phases: readonly string[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Active', 'Terminating']
/** Conditions that come later than the object. */
const usualConditions: readonly string[] = [
  'Ready',
  'Initialized',
  'ContainersReady',
  'PodScheduled',
  'PodReadyToStartContainers',
  'DisruptionTarget',
  'PodResizePending',
  'PodResizeInProgress',
]
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

/** @throws TypeError for what can never hold: no text, no function */
function requireWanted(wanted: unknown): void {
  if (typeof wanted === 'function' || (typeof wanted === 'string' && wanted !== '')) return
  throw new TypeError(
    `what is waited for must be a condition such as 'Ready', a phase, 'Exists', 'Deleted' or a function, not ${String(wanted)}`,
  )
}

/** @throws TypeError for a promise, which is true whatever comes of it */
function answerOf(answer: unknown): boolean {
  if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return Boolean(answer)
  // What becomes of it nobody wants to know any more.
  Promise.resolve(answer).catch(() => undefined)
  throw new TypeError('the predicate answered a promise: it must say true or false at once')
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
  requireWanted(wanted)
  const predicate = predicateOf(wanted)
  const holds = typeof wanted === 'function' ? (object: T | undefined) => answerOf(predicate(deepCopy(object))) : predicate
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
    const what = `${nameOf(ref)} was not ${typeof wanted === 'string' ? wanted : 'as wanted'}`
    if (error instanceof ClusterStopped)
      throw new ClusterStopped(`${what} when the cluster was stopped: is an await missing?`, { cause: error })
    if (!(error instanceof DeadlineExceeded)) throw error
    const state = current === undefined ? await absence(ref, client) : stateOf(current, wanted)
    throw new DeadlineExceeded(`${what} within ${durationText(timeout)}; ${state}`, { cause: error })
  } finally {
    end.abort(new Error('done'))
    await following
  }
  if (outcome.failure !== undefined) throw outcome.failure
  return deepCopy(outcome.found)
}

function nameOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

function stateOf<T extends KubeObject>(object: T, wanted: string | Predicate<T>): string {
  const { status = 'none' } = object as { status?: unknown }
  const hint = typeof wanted === 'string' ? hintOnWanted(object, wanted) : undefined
  return [`its status: ${JSON.stringify(status)}`, ...(hint === undefined ? [] : [hint])].join('\n')
}

/** What to say about a condition that the object does not have: most often it is misspelt. */
export function hintOnWanted(object: KubeObject, wanted: string): string | undefined {
  const { status } = object as { status?: { conditions?: { type: string }[] } }
  const conditions = (status?.conditions ?? []).map(({ type }) => type)
  if (conditions.length === 0 || [...phases, 'Exists', 'Deleted', ...usualConditions, ...conditions].includes(wanted)) return undefined
  return `${wanted} is neither a phase nor one of its conditions, which are ${conditions.join(', ')}`
}

/** Most often it is looked for in the wrong namespace. */
async function absence({ apiVersion, kind, namespace, name }: ObjectRef, client: Client): Promise<string> {
  const state = 'there is no such object'
  if (namespace === undefined) return state
  const elsewhere = { apiVersion, kind, fieldSelector: `metadata.name=${name}` }
  const { items } = await client.list(elsewhere, new AbortController().signal).catch(() => ({ items: [] }))
  return items.length === 0 ? state : `${state}, but ${namesakes(items)}`
}

/** Objects of the same name in other namespaces than the one that was meant. */
export function namesakes(objects: readonly KubeObject[]): string {
  return `one of that name in namespace ${objects.map(({ metadata }) => metadata.namespace).join(', ')}`
}
