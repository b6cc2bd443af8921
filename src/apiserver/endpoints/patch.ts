import { decodeValue } from '#apimachinery/codec/json.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { applyJSONPatch } from '#apimachinery/patch/json-patch.ts'
import { applyMergePatch } from '#apimachinery/patch/merge-patch.ts'
import { applyStrategicMergePatch } from '#apimachinery/patch/strategic-merge-patch.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import type { FieldError } from '#apimachinery/validation/field-error.ts'
import { newInvalid, newUnsupportedMediaType } from '#apimachinery/status/status.ts'
import { deepCopy, isObject } from '#apimachinery/value/json-value.ts'
import type { Strategy } from '../registry/resource.ts'
import { headerOf } from '../request/api-request.ts'
import type { APIResponse } from '../request/api-response.ts'
import { apply, applyMediaType } from './apply.ts'
import { bodyMediaType, newUnsupportedBody } from './body.ts'
import type { Call } from './call.ts'
import { checkNames } from './object-identity.ts'
import { finishUpdate } from './update.ts'
import { parseWriteQuery, type WriteQuery } from './write-options.ts'

type Patcher = (call: Call, original: KubeObject, patch: unknown) => KubeObject

/** How a patch of each media type makes a new object; the original stays as it is. */
const patchers: Record<string, Patcher> = {
  'application/json-patch+json': (_call, original, patch) => applyJSONPatch(original, patch),
  'application/merge-patch+json': (_call, original, patch) => applyMergePatch(original, patch),
  'application/strategic-merge-patch+json': applyStrategic,
}

/** PATCH of an object, or of a part of it through a subresource with a strategy of its own. */
export async function patch(call: Call, strategy: Strategy = call.route.resource.strategy): Promise<APIResponse> {
  const mediaType = bodyMediaType(headerOf(call.apiRequest, 'content-type'))
  if (mediaType === applyMediaType) return apply(call, strategy)
  const patcher = patchers[mediaType]
  if (patcher === undefined) throw newUnsupportedBody([...Object.keys(patchers), applyMediaType])
  const form = call.form()
  const query = parseWriteQuery(call, 'PatchOptions')
  const body = await readPatch(call)
  const entry = await call.route.store!.updateEntry({
    namespace: call.namespace,
    name: call.name!,
    context: call,
    strategy,
    change: old => finishUpdate(call, old, patched(call, old, patcher, body, query)),
    validate: (finished, old) => call.services.admission.validate('UPDATE', finished, old, call),
  })
  return { status: 200, body: form.entryBody(entry) }
}

async function readPatch(call: Call): Promise<unknown> {
  const { apiRequest } = call
  if (apiRequest.value !== undefined) return apiRequest.value
  const text = (await apiRequest.readBody()).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw newBadRequest(`error decoding patch: ${(error as Error).message}`)
  }
}

/** The patched object, read as strictly as one that was sent whole. */
function patched(call: Call, old: KubeObject, patcher: Patcher, body: unknown, query: WriteQuery): KubeObject {
  const { route } = call
  const keepsTracking = !mentionsManagedFields(body)
  const original = route.fromStorage(old)
  const result = patcher(call, keepsTracking ? withoutManagedFields(original) : original, body)
  const { object, strictErrors } = decodeValue<KubeObject>(result, {
    schema: route.schema,
    registry: call.services.schemas,
    mode: query.fieldValidation,
    apiVersion: route.apiVersion,
    kind: route.info.kind,
  })
  if (strictErrors.length > 0) refuseOrWarn(call, strictErrors, query)
  const stored = route.toStorage(object)
  checkNames(call, stored)
  if (keepsTracking && old.metadata.managedFields !== undefined) stored.metadata.managedFields = old.metadata.managedFields
  route.resource.strategy.applyDefaults?.(stored)
  return stored
}

/** Whether a patch may touch managed fields; most do not, and then these need no copying, decoding and comparing. */
function mentionsManagedFields(body: unknown): boolean {
  if (!isObject(body)) return true
  const metadata = body['metadata']
  return metadata !== undefined && !(isObject(metadata) && metadata['managedFields'] === undefined && metadata['$patch'] === undefined)
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const metadata: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(object.metadata)) if (field !== 'managedFields') metadata[field] = value
  return { ...object, metadata: metadata as unknown as KubeObject['metadata'] }
}

function refuseOrWarn(call: Call, strictErrors: readonly string[], { fieldValidation }: WriteQuery): void {
  if (fieldValidation === 'Strict') {
    const error: FieldError = {
      type: 'FieldValueInvalid',
      field: 'patch',
      badValue: '',
      detail: `strict decoding error: ${strictErrors.join(', ')}`,
    }
    throw newInvalid(call.route.info, call.name ?? '', [error])
  }
  for (const error of strictErrors) call.warn(error)
}

function applyStrategic(call: Call, original: KubeObject, body: unknown): KubeObject {
  const { schema } = call.route
  if (schema === undefined) {
    throw newUnsupportedMediaType('strategic merge patch is not supported for custom resources')
  }
  return applyStrategicMergePatch(original, deepCopy(body), { schema, registry: call.services.schemas })
}
