import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import type { DeletionOptions, RequestContext, Strategy } from './resource.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { ownCopy } from './own-copy.ts'

export type DeletionPlan<T extends KubeObject> =
  /** The deletion is under way already; nothing changes. */
  | { step: 'wait' }
  /** The object stays, marked; afterwards it goes at once, if `thenRemove`. */
  | { step: 'mark'; object: T; thenRemove: boolean }
  | { step: 'remove' }

/**
 * What a deletion does to the object as it is now. Behaviour: k8s.io/apiserver's `rest.BeforeDelete` and the generic registry, with
 * finalizers for owners that wait (foregroundDeletion) or let go (orphan).
 */
export function planDeletion<T extends KubeObject>(
  old: T,
  options: DeletionOptions,
  strategy: Strategy<T>,
  context: RequestContext,
): DeletionPlan<T> {
  const object = ownCopy(old)
  const { metadata } = object
  const nowMs = context.clock.now()
  const requestedSeconds = options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds
  const graceful = markGraceful(object, requestedSeconds, strategy, nowMs)
  if (graceful === 'pending') return { step: 'wait' }
  metadata.finalizers = dependentFinalizers(metadata, options)
  if (metadata.finalizers.length === 0) delete metadata.finalizers
  const hasFinalizers = strategy.hasFinalizers?.(object) ?? metadata.finalizers !== undefined
  const isFirst = old.metadata.deletionTimestamp === undefined
  if (graceful === 'marked') {
    if (isFirst) strategy.prepareForDelete?.(object, context)
    return { step: 'mark', object, thenRemove: !hasFinalizers && metadata.deletionGracePeriodSeconds === 0 }
  }
  if (!hasFinalizers) return { step: 'remove' }
  markAsDeleting(metadata, nowMs)
  if (isFirst) strategy.prepareForDelete?.(object, context)
  return { step: 'mark', object, thenRemove: false }
}

/** Where the strategy is graceful: sets or shortens the time that the object has left. */
function markGraceful<T extends KubeObject>(
  object: T,
  requestedSeconds: number | undefined,
  strategy: Strategy<T>,
  nowMs: number,
): 'marked' | 'pending' | undefined {
  if (strategy.gracePeriodSeconds === undefined) return undefined
  const { metadata } = object
  if (metadata.deletionTimestamp === undefined) {
    const seconds = Math.max(strategy.gracePeriodSeconds(object, requestedSeconds), 0)
    metadata.deletionTimestamp = formatTime(nowMs + seconds * 1000)
    metadata.deletionGracePeriodSeconds = seconds
    bumpGeneration(metadata)
    return 'marked'
  }
  const left = metadata.deletionGracePeriodSeconds ?? 0
  if (left === 0) return undefined
  if (requestedSeconds === undefined || requestedSeconds >= left) return 'pending'
  metadata.deletionTimestamp = formatTime(Date.parse(metadata.deletionTimestamp) + (requestedSeconds - left) * 1000)
  metadata.deletionGracePeriodSeconds = requestedSeconds
  return 'marked'
}

function markAsDeleting(metadata: ObjectMeta, nowMs: number): void {
  if (metadata.deletionGracePeriodSeconds === undefined) bumpGeneration(metadata)
  if (metadata.deletionTimestamp === undefined || Date.parse(metadata.deletionTimestamp) > nowMs)
    metadata.deletionTimestamp = formatTime(nowMs)
  metadata.deletionGracePeriodSeconds = 0
}

function bumpGeneration(metadata: ObjectMeta): void {
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation++
}

/** The finalizers with those for dependents as the deletion asks; without a wish, those that are there stay. */
function dependentFinalizers(metadata: ObjectMeta, { propagationPolicy }: DeletionOptions): string[] {
  const finalizers = metadata.finalizers ?? []
  if (propagationPolicy === undefined) return finalizers
  const wanted = propagationPolicy === 'Orphan' ? 'orphan' : propagationPolicy === 'Foreground' ? 'foregroundDeletion' : undefined
  const others = finalizers.filter(finalizer => finalizer !== 'orphan' && finalizer !== 'foregroundDeletion')
  if (wanted === undefined) return others
  return finalizers.includes(wanted) && others.length === finalizers.length - 1 ? finalizers : [...others, wanted]
}
