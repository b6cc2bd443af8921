import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ObjectMeta } from '#apimachinery/meta/v1/types.gen.ts'
import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import { newAlreadyExists, newGenerateNameConflict, newInvalid, StatusError } from '#apimachinery/status/status.ts'
import { nameIsPathSegment, validateObjectMeta } from '#apimachinery/validation/names.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import type { RequestContext, Resource } from './resource.ts'

/** How many generated names are tried. */
export const nameAttemptsMax = 8
const nameLengthMax = 63
const suffixLength = 5

/** Clears what a creator may not say and fills in what the server says. Behaviour: k8s.io/apiserver's `rest.BeforeCreate`. */
export function prepareCreate<T extends KubeObject>(object: T, { strategy, info }: Resource<T>, context: RequestContext): void {
  const { metadata } = object
  if (metadata.resourceVersion) throw newUnknownError('resourceVersion should not be set on objects to be created')
  delete metadata.resourceVersion
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  if (!info.namespaced) delete metadata.namespace
  if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName, context)
  metadata.uid = context.random.uuid()
  metadata.creationTimestamp = formatTime(context.clock.now())
  strategy.prepareForCreate?.(object, context)
}

/**
 * Validates the object that is about to be stored and claims what it needs.
 * @throws StatusError Invalid
 */
export function finishNewObject<T extends KubeObject>(
  object: T,
  resource: Resource<T>,
  context: RequestContext,
): { release(): void } | undefined {
  const { strategy, info } = resource
  const refuse = (errors: Parameters<typeof newInvalid>[2]) =>
    newInvalid(info, object.metadata.name || (object.metadata.generateName ?? ''), errors)
  const errors = strategy.validateCreate(object, context)
  if (errors.length > 0) throw refuse(errors)
  const metaErrors = validateObjectMeta(object.metadata, { namespaced: info.namespaced, nameFn: nameIsPathSegment })
  if (metaErrors.length > 0) throw refuse(metaErrors)
  for (const warning of strategy.warningsOnCreate?.(object, context) ?? []) context.warn(warning)
  const claim = strategy.claim?.(object, undefined, context)
  if (Array.isArray(claim)) throw refuse(claim)
  return claim
}

/** The answer when there is an object of that name. */
export function takenName(info: ResourceInfo, metadata: ObjectMeta, holder: KubeObject | undefined, isGenerated: boolean): StatusError {
  if (isGenerated && metadata.generateName) return newGenerateNameConflict(info, metadata.name, 1)
  const error = newAlreadyExists(info, metadata.name)
  if (holder?.metadata.deletionTimestamp === undefined) return error
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.status.message}` })
}

function generatedName(base: string, { random }: RequestContext): string {
  return base.slice(0, nameLengthMax - suffixLength) + random.suffix(suffixLength)
}

/** Upstream answers errors that are no Status this way. */
export function newUnknownError(message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 })
}
