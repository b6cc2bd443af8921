import { apiVersionOf, parseAPIVersion } from '../resource/resource-info.ts'
import type { MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { newBadRequest, type StatusError } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { DecodeFault, Decoder } from './decoder.ts'
import { countKeysInText, countKeysInValue, duplicateKeys } from './duplicate-keys.ts'
import { jsonSyntaxError } from './json-syntax.ts'
import { kindOf } from './scalars.ts'

/** What to do with unknown and duplicate fields: nothing, tell them, or refuse the object. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodeOptions {
  /** The expected message; left out for objects without a schema, which are taken as they are. */
  schema?: MessageSchema | undefined
  registry: SchemaRegistry
  mode: FieldValidation
  /** The expected type. An object without its own gets it. */
  apiVersion: string
  kind: string
  /** Keep exactly what was given: nothing is filled in, no zero value is left out (for server-side apply). */
  asGiven?: boolean
}

export interface Decoded<T> {
  object: T
  /** `unknown field "spec.foo"`, `duplicate field "spec.x"`; empty with mode Ignore. */
  strictErrors: string[]
}

/**
 * Reads an object of a known type from JSON: unknown fields and nulls are left out, quantities, times and durations made canonical,
 * structs that upstream holds by value and required zero values filled in, zero values that upstream omits left out. Keys named
 * `__proto__` are ignored.
 * @throws StatusError BadRequest in upstream's words; with mode Strict also for strict errors
 */
export function decodeJSON<T = Record<string, unknown>>(bytes: Uint8Array, options: DecodeOptions): Decoded<T> {
  const text = utf8(bytes)
  const value = parseJSON(text, bytes, options.kind)
  return decode(value, text, options)
}

/**
 * As `decodeJSON`, for a value that was parsed before (from YAML, or made by a patch). The value is used up: it may be changed in place.
 * Strict errors are returned even with mode Strict, since their wording depends on the request.
 */
export function decodeValue<T = Record<string, unknown>>(value: unknown, options: DecodeOptions): Decoded<T> {
  return walk(value, undefined, options)
}

/** The refusal of an object because of its strict errors. */
export function newStrictDecodingError(errors: readonly string[], apiVersion: string, kind: string): StatusError {
  return newBadRequest(cannotBeHandled(apiVersion, kind, kind, strictDecodingMessage(errors)))
}

/** `strict decoding error: unknown field "a", duplicate field "b"`. */
export function strictDecodingMessage(errors: readonly string[]): string {
  return `strict decoding error: ${errors.join(', ')}`
}

/** The bytes of an object; `prefix` and `suffix` are put around it (for watch events and lists). */
export function encodeJSON(object: unknown, prefix = '', suffix = ''): Buffer {
  return Buffer.from(prefix + JSON.stringify(object) + suffix)
}

function decode<T>(value: unknown, text: string, options: DecodeOptions): Decoded<T> {
  const decoded = walk<T>(value, text, options)
  if (options.mode === 'Strict' && decoded.strictErrors.length > 0) {
    throw newStrictDecodingError(decoded.strictErrors, options.apiVersion, options.kind)
  }
  return decoded
}

function walk<T>(value: unknown, text: string | undefined, options: DecodeOptions): Decoded<T> {
  const object = expectType(value, options)
  const strict = options.mode !== 'Ignore'
  const strictErrors: string[] = []
  const decoder = new Decoder(options.registry, { asGiven: options.asGiven === true, strict })
  let result = object
  try {
    if (options.schema !== undefined) result = decoder.decode(object, options.schema)
    else if (strict) decoder.keys = countKeysInValue(object)
  } catch (error) {
    const reason = error instanceof DecodeFault ? error.message : error instanceof RangeError ? 'exceeded max depth' : undefined
    if (reason === undefined) throw error
    throw newBadRequest(cannotBeHandled(options.apiVersion, options.kind, options.kind, reason))
  }
  for (const field of decoder.unknown) strictErrors.push(`unknown field ${quote(field)}`)
  if (strict && text !== undefined && countKeysInText(text) !== decoder.keys) {
    for (const field of duplicateKeys(text)) strictErrors.push(`duplicate field ${quote(field)}`)
  }
  result['apiVersion'] = options.apiVersion
  result['kind'] = options.kind
  return { object: result as T, strictErrors }
}

/** The object itself, when it says that it is of the expected type or says nothing. */
function expectType(value: unknown, { apiVersion, kind }: DecodeOptions): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const target = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    throw unrecognised(
      kind,
      `json: cannot unmarshal ${kindOf(value)} into Go value of type ${target}`,
      quote(JSON.stringify(value).slice(0, 30)),
    )
  }
  const object = value as Record<string, unknown>
  const givenKind = typeof object['kind'] === 'string' && object['kind'] !== '' ? object['kind'] : kind
  const given = typeof object['apiVersion'] === 'string' && object['apiVersion'] !== '' ? object['apiVersion'] : apiVersion
  if (givenKind !== kind) {
    const version = parseAPIVersion(given)
    const internal = (name: string) => `(${name === '' ? 'core' : name.split('.')[0]}.${kind})`
    const reason = `converting (${version.version}.${givenKind}) to ${internal(parseAPIVersion(apiVersion).group)}: unknown conversion`
    throw newBadRequest(cannotBeHandled(given, givenKind, kind, reason))
  }
  if (given !== apiVersion) {
    const expected = apiVersionOf(parseAPIVersion(apiVersion))
    throw newBadRequest(`the API version in the data (${given}) does not match the expected API version (${expected})`)
  }
  return object
}

function cannotBeHandled(apiVersion: string, kind: string, expectedKind: string, reason: string): string {
  return `${kind} in version ${quote(parseAPIVersion(apiVersion).version)} cannot be handled as a ${expectedKind}: ${reason}`
}

function unrecognised(kind: string, reason: string, summary: string): StatusError {
  const message = `couldn't get version/kind; json parse error: ${reason}`
  return newBadRequest(`the object provided is unrecognized (must be of type ${kind}): ${message} (${summary})`)
}

const summaryBytesMax = 30

function summarise(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>'
  const head = Buffer.from(bytes.subarray(0, summaryBytesMax))
  const text = bytes[0] === 0x7b ? head.toString() : head.toString('hex')
  return bytes.length > summaryBytesMax ? `${text} ...` : text
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function parseJSON(text: string, bytes: Uint8Array, kind: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
    // The key may be written with escapes; only then is the slower way taken.
    if (text.includes('__proto') || text.includes('\\u')) value = JSON.parse(text, dropPrototypeKeys)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw unrecognised(kind, jsonSyntaxError(text), summarise(bytes))
  }
  return value
}

function dropPrototypeKeys(this: unknown, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}
