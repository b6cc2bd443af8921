import { decodeValue } from '#apimachinery/codec/json.ts'
import { jsonSyntaxError } from '#apimachinery/codec/json-syntax.ts'
import { kindOf } from '#apimachinery/codec/scalars.ts'
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

interface Patcher {
  /** Makes a new object, which may share fields with the original; that stays as it is. */
  apply(call: Call, original: KubeObject, patch: unknown): KubeObject
  isShape(patch: unknown): boolean
  /** What upstream reads the patch into; a refusal names it. */
  goType: string
  /** Begins a refusal of what cannot be read. */
  prefix: string
}

/** How a patch of each media type is read and applied. */
const patchers: Record<string, Patcher> = {
  'application/json-patch+json': {
    apply: (_call, original, patch) => applyJSONPatch(original, patch),
    isShape: Array.isArray,
    goType: '[]handlers.jsonPatchOp',
    prefix: 'error decoding patch: ',
  },
  'application/merge-patch+json': {
    apply: (_call, original, patch) => applyMergePatch(original, patch),
    isShape: isObject,
    goType: 'map[string]interface {}',
    prefix: 'error decoding patch: ',
  },
  'application/strategic-merge-patch+json': { apply: applyStrategic, isShape: isObject, goType: 'map[string]interface {}', prefix: '' },
}

/** PATCH of an object, or of a part of it through a subresource with a strategy of its own. */
export async function patch(call: Call, strategy: Strategy = call.route.resource.strategy): Promise<APIResponse> {
  const mediaType = bodyMediaType(headerOf(call.apiRequest, 'content-type'))
  if (mediaType === applyMediaType) return apply(call, strategy)
  const patcher = patchers[mediaType]
  if (patcher === undefined) throw newUnsupportedBody([...Object.keys(patchers), applyMediaType])
  const form = call.form()
  const query = parseWriteQuery(call, 'PatchOptions')
  const body = await readPatch(call, patcher, query)
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

async function readPatch(call: Call, { isShape, goType, prefix }: Patcher, { fieldValidation }: WriteQuery): Promise<unknown> {
  const { apiRequest } = call
  if (apiRequest.value !== undefined) return apiRequest.value
  const patch = parsePatch((await apiRequest.readBody()).toString('utf8'), prefix)
  if (isShape(patch) || fieldValidation === 'Ignore') return patch
  throw newBadRequest(`${prefix}json: cannot unmarshal ${kindOf(patch)} into Go value of type ${goType}`)
}

function parsePatch(text: string, prefix: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw newBadRequest(`${prefix}${jsonSyntaxError(text)}`)
  }
}

/** The patched object, read as strictly as one that was sent whole. */
function patched(call: Call, old: KubeObject, patcher: Patcher, body: unknown, query: WriteQuery): KubeObject {
  const { route } = call
  const keepsTracking = !mentionsManagedFields(body)
  const original = route.fromStorage(old)
  const result = patcher.apply(call, keepsTracking ? withoutManagedFields(original) : original, body)
  const { object, strictErrors } = decodeValue<KubeObject>(withOwnMetadata(result, original), {
    schema: route.schema,
    registry: call.services.schemas,
    mode: query.fieldValidation,
    apiVersion: route.apiVersion,
    kind: route.info.kind,
    decoded: original,
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

/** The server writes to the metadata of every object that it stores. */
function withOwnMetadata(object: KubeObject, original: KubeObject): KubeObject {
  return object.metadata === original.metadata ? { ...object, metadata: deepCopy(original.metadata) } : object
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const metadata: Record<string, unknown> = {}
  for (const [field, value] of Object.entries(object.metadata)) if (field !== 'managedFields') metadata[field] = deepCopy(value)
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
  return applyStrategicMergePatch(original, body, { schema, registry: call.services.schemas })
}
