import { AsyncLocalStorage } from 'node:async_hooks'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'

/** Why a component acts. The API server records it with what the component then writes: see `cox why`. */
export interface Cause {
  /** Of the write that the component saw; left out when it was time that made it act, or something outside of the API. */
  resourceVersion?: string | undefined
  /** In the component's words, such as `the back-off of 10s is over`. */
  reason?: string | undefined
}

const causes = new AsyncLocalStorage<Cause | undefined>()

/** What the running code reacts to, and everything that it has started; undefined when it acts by itself, or nobody said. */
export function currentCause(): Cause | undefined {
  return causes.getStore()
}

/** Runs `react`, and whatever it starts, as the answer to `cause`. */
export function because<R>(cause: Cause | undefined, react: () => R): R {
  return causes.run(cause, react)
}

/** A version of an object that was seen. */
export function sightOf({ metadata }: KubeObject): Cause {
  return { resourceVersion: metadata.resourceVersion }
}

/** The same with further words: first what was known, then the new. */
export function withReason(cause: Cause | undefined, reason: string): Cause {
  return { ...cause, reason: cause?.reason === undefined ? reason : `${cause.reason}, ${reason}` }
}
