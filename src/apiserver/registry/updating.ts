import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { newInvalid } from '#apimachinery/status/status.ts'
import { validateObjectMetaUpdate } from '#apimachinery/validation/names.ts'
import type { RequestContext, Resource, Strategy } from './resource.ts'

/**
 * Keeps what an update may not change, validates the result and claims what it needs. Behaviour: k8s.io/apiserver's `rest.BeforeUpdate`.
 * @throws StatusError Invalid
 */
export function prepareUpdate<T extends KubeObject>(
  object: T,
  old: T,
  { info }: Resource<T>,
  strategy: Strategy<T>,
  context: RequestContext,
): { release(): void } | undefined {
  keepOldMeta(object.metadata, old.metadata)
  strategy.prepareForUpdate?.(object, old, context)
  const errors = [...validateObjectMetaUpdate(object.metadata, old.metadata), ...strategy.validateUpdate(object, old, context)]
  if (errors.length > 0) throw newInvalid(info, object.metadata.name, errors)
  for (const warning of strategy.warningsOnUpdate?.(object, old, context) ?? []) context.warn(warning)
  const claim = strategy.claim?.(object, old, context)
  if (Array.isArray(claim)) throw newInvalid(info, object.metadata.name, claim)
  return claim
}

/** True when this update takes the last finalizer of an object that was only waiting for that. */
export function isGone<T extends KubeObject>(object: T, old: T, strategy: Strategy<T>): boolean {
  if (old.metadata.deletionTimestamp === undefined || (old.metadata.deletionGracePeriodSeconds ?? 0) > 0) return false
  if ((object.metadata.finalizers?.length ?? 0) > 0) return false
  return strategy.hasFinalizers?.(object) !== true
}

function keepOldMeta(metadata: ObjectMeta, old: ObjectMeta): void {
  keep(metadata, old, 'generation')
  if (!metadata.uid) keep(metadata, old, 'uid')
  if (old.creationTimestamp !== undefined) metadata.creationTimestamp = old.creationTimestamp
  if (old.deletionTimestamp !== undefined) metadata.deletionTimestamp = old.deletionTimestamp
  if (metadata.deletionGracePeriodSeconds === undefined) keep(metadata, old, 'deletionGracePeriodSeconds')
  delete metadata.selfLink
}

function keep(metadata: ObjectMeta, old: ObjectMeta, field: 'generation' | 'uid' | 'deletionGracePeriodSeconds'): void {
  if (old[field] === undefined) delete metadata[field]
  else (metadata as unknown as Record<string, unknown>)[field] = old[field]
}
