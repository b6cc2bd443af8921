import {
  type Decoded,
  type DecodeOptions,
  decodeJSON,
  decodeValue,
  type FieldValidation,
  newStrictDecodingError,
} from '#apimachinery/codec/json.ts'
import { decodeProtobuf, protobufTypeOf } from '#apimachinery/codec/protobuf.ts'
import { parseYAML, YAMLError } from '#apimachinery/codec/yaml.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { MessageSchema } from '#apimachinery/schema/schema.ts'
import { newBadRequest, newUnsupportedMediaType, type StatusError } from '#apimachinery/status/status.ts'
import { deepCopy, isObject } from '#apimachinery/value/json-value.ts'
import { headerOf } from '../request/api-request.ts'
import type { Call } from './call.ts'
import { mediaTypes } from './negotiation.ts'

/** What a body is expected to be. */
export interface ExpectedBody {
  apiVersion: string
  kind: string
  schema: MessageSchema | undefined
  fieldValidation: FieldValidation
  /** The object as it is now, of the same type: what a component of this process changed of it shares the rest. */
  live?: KubeObject | undefined
}

/**
 * Reads the request's body as an object of a known type. What a lenient reading ignores becomes a warning.
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readObject(call: Call, expected: ExpectedBody): Promise<KubeObject> {
  const options: DecodeOptions = {
    schema: expected.schema,
    registry: call.services.schemas,
    mode: expected.fieldValidation,
    apiVersion: expected.apiVersion,
    kind: expected.kind,
  }
  const { object, strictErrors } = await decodeBody(call, options, expected.live)
  for (const error of strictErrors) call.warn(error)
  object.metadata ??= {} as KubeObject['metadata']
  return object
}

async function decodeBody(call: Call, options: DecodeOptions, live: KubeObject | undefined): Promise<Decoded<KubeObject>> {
  const request = call.apiRequest
  if (request.value !== undefined)
    return live === undefined ? decodeParsed(deepCopy(request.value), options) : decodeChanged(request.value, live, options)
  const mediaType = bodyMediaType(headerOf(request, 'content-type'))
  if (mediaType === 'application/json') return decodeJSON<KubeObject>(await request.readBody(), options)
  if (mediaType === 'application/yaml') return decodeParsed(parseText((await request.readBody()).toString('utf8'))[0] ?? null, options)
  if (mediaType === 'application/vnd.kubernetes.protobuf' && options.schema !== undefined) {
    const { schema, registry, apiVersion, kind } = options
    const object = decodeProtobuf<KubeObject>(await request.readBody(), { schema, registry, apiVersion, kind })
    return { object, strictErrors: [] }
  }
  throw newUnsupportedBody()
}

function decodeParsed(value: unknown, options: DecodeOptions): Decoded<KubeObject> {
  const decoded = decodeValue<KubeObject>(value, options)
  if (options.mode === 'Strict' && decoded.strictErrors.length > 0) {
    throw newStrictDecodingError(decoded.strictErrors, options.apiVersion, options.kind)
  }
  return decoded
}

/** Fields that are those of the live object need no copying and decoding; its managed fields are replaced, never changed. */
function decodeChanged(value: unknown, live: KubeObject, options: DecodeOptions): Decoded<KubeObject> {
  if (!isObject(value) || !isObject(value['metadata'])) return decodeParsed(deepCopy(value), options)
  const { metadata, ...fields } = value
  const { managedFields, ...rest } = metadata as unknown as KubeObject['metadata']
  const keepsTracking = managedFields !== undefined && managedFields === live.metadata.managedFields
  const copy: Record<string, unknown> = {}
  for (const key in fields)
    copy[key] = fields[key] === (live as unknown as Record<string, unknown>)[key] ? fields[key] : deepCopy(fields[key])
  copy['metadata'] = deepCopy(keepsTracking ? rest : metadata)
  const decoded = decodeParsed(copy, { ...options, decoded: live })
  if (keepsTracking) decoded.object.metadata.managedFields = managedFields
  return decoded
}

/** JSON is YAML too. */
function parseText(text: string): unknown[] {
  try {
    return parseYAML(text)
  } catch (error) {
    if (error instanceof YAMLError) throw newBadRequest(error.message)
    throw error
  }
}

/** The media type of a `Content-Type` header; JSON when there is none. */
export function bodyMediaType(contentType: string): string {
  if (contentType === '' || contentType === 'application/json') return 'application/json'
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}

export function newUnsupportedBody(accepted: readonly string[] = mediaTypes): StatusError {
  return newUnsupportedMediaType(`the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`)
}

const deleteOptionsSchema = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'

/**
 * Reads the options in the body of a deletion; clients send them as of `v1`, `meta.k8s.io/v1` or the resource's own version.
 * @returns undefined for an empty body
 * @throws StatusError BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readDeleteOptionsBody(call: Call): Promise<Record<string, unknown> | undefined> {
  const request = call.apiRequest
  const registry = call.services.schemas
  const schema = registry.get(deleteOptionsSchema)
  const kind = 'DeleteOptions'
  let value = deepCopy(request.value)
  if (value === undefined) {
    const bytes = await request.readBody()
    if (bytes.length === 0) return undefined
    const mediaType = bodyMediaType(headerOf(request, 'content-type'))
    if (mediaType === 'application/vnd.kubernetes.protobuf' && schema !== undefined) {
      const { apiVersion = 'v1' } = protobufTypeOf(bytes) ?? {}
      return decodeProtobuf(bytes, { schema, registry, apiVersion, kind })
    }
    if (mediaType !== 'application/json' && mediaType !== 'application/yaml') throw newUnsupportedBody()
    value = parseText(bytes.toString('utf8'))[0]
  }
  const apiVersion = (value as { apiVersion?: string } | null)?.apiVersion || 'v1'
  return decodeValue(value ?? null, { schema, registry, mode: 'Ignore', apiVersion, kind }).object
}
