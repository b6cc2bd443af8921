import type { MessageSchema, SchemaRegistry } from '../schema/schema.ts'
import { newBadRequest, type StatusError } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { parseWithoutPrototypes } from '../value/json-value.ts'
import { DecodeFault, Decoder } from './decoder.ts'
import { countKeysInText, countKeysInValue, duplicateKeys } from './duplicate-keys.ts'
import { cannotBeHandled, checkType, newUnrecognised, summarise } from './expected-type.ts'
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
  /** An object of the type: fields that the value shares with it were decoded before. */
  decoded?: object | undefined
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
  return newBadRequest(cannotBeHandled({ apiVersion, kind }, kind, strictDecodingMessage(errors)))
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
    if (options.schema !== undefined) result = decoder.decode(object, options.schema, options.decoded)
    else if (strict) decoder.keys = countKeysInValue(object)
  } catch (error) {
    const reason = error instanceof DecodeFault ? error.message : error instanceof RangeError ? 'exceeded max depth' : undefined
    if (reason === undefined) throw error
    throw newBadRequest(cannotBeHandled(options, options.kind, reason))
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
function expectType(value: unknown, options: DecodeOptions): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const target = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
    const reason = `json: cannot unmarshal ${kindOf(value)} into Go value of type ${target}`
    throw newUnrecognised(options.kind, couldNotRead(reason), summarise(Buffer.from(JSON.stringify(value))))
  }
  checkType(value, options)
  return value as Record<string, unknown>
}

function couldNotRead(reason: string): string {
  return `couldn't get version/kind; json parse error: ${reason}`
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

function parseJSON(text: string, bytes: Uint8Array, kind: string): unknown {
  try {
    return parseWithoutPrototypes(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw newUnrecognised(kind, couldNotRead(jsonSyntaxError(text)), summarise(bytes))
  }
}
