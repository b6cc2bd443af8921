import { goJSON, quote } from '../text/quote.ts'

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTooFew'
  | 'InternalError'
  | 'FieldValueTypeInvalid'
  | 'FieldValueTooShort'

/** One thing that is wrong with a field; becomes a cause of an Invalid status. `badValue` is what the message shows. */
export interface FieldError {
  type: FieldErrorType
  /** Path of the field: `spec.containers[0].name`. */
  field: string
  badValue?: unknown
  detail: string
}

const titles: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTooFew: 'Too few',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueTooShort: 'Too short',
}

/** As `badValue`: the message shows no value. */
export const omitValue = Symbol('value omitted')

const typesWithoutValue: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'FieldValueTooShort',
  'InternalError',
])

/** Path of a field in an object. Cheap to build: it becomes text only when an error is reported. Immutable. */
export class FieldPath {
  readonly #parent: FieldPath | undefined
  readonly #element: string | number
  readonly #subscript: boolean

  constructor(parent: FieldPath | undefined, element: string | number, subscript: boolean) {
    this.#parent = parent
    this.#element = element
    this.#subscript = subscript
  }

  child(name: string, ...deeper: string[]): FieldPath {
    let child = new FieldPath(this, name, false)
    for (let index = 0; index < deeper.length; index++) child = new FieldPath(child, deeper[index]!, false)
    return child
  }

  index(index: number): FieldPath {
    return new FieldPath(this, index, true)
  }

  key(key: string): FieldPath {
    return new FieldPath(this, key, true)
  }

  toString(): string {
    const own = this.#subscript ? `[${this.#element}]` : String(this.#element)
    const parent = this.#parent === undefined ? '' : this.#parent.toString()
    return this.#subscript || parent === '' ? parent + own : `${parent}.${own}`
  }
}

/** Starts a path: `path('spec', 'template')` is `spec.template`; `path()` is the object itself, whose children have no leading dot. */
export function path(...names: string[]): FieldPath {
  const first = new FieldPath(undefined, names[0] ?? '', false)
  const [, second, ...deeper] = names
  return second === undefined ? first : first.child(second, ...deeper)
}

type PathLike = FieldPath | string

function make(type: FieldErrorType, at: PathLike, badValue: unknown, detail: string): FieldError {
  return { type, field: String(at), badValue, detail }
}

export function typeInvalid(at: PathLike, value: unknown, detail: string): FieldError {
  return make('FieldValueTypeInvalid', at, value, detail)
}

export function notFound(at: PathLike, value: unknown): FieldError {
  return make('FieldValueNotFound', at, value, '')
}

export function required(at: PathLike, detail = ''): FieldError {
  return make('FieldValueRequired', at, '', detail)
}

export function duplicate(at: PathLike, value: unknown): FieldError {
  return make('FieldValueDuplicate', at, value, '')
}

export function invalid(at: PathLike, value: unknown, detail: string): FieldError {
  return make('FieldValueInvalid', at, value, detail)
}

/** `supported` is shown in the given order (upstream sorts sets of strings before). */
export function notSupported(at: PathLike, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quote).join(', ')}`
  return make('FieldValueNotSupported', at, value, detail)
}

export function forbidden(at: PathLike, detail: string): FieldError {
  return make('FieldValueForbidden', at, '', detail)
}

/** `max` is in bytes. The value is not shown. */
export function tooLong(at: PathLike, _value: unknown, max: number): FieldError {
  const detail = max < 0 ? 'value is too long' : `may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`
  return make('FieldValueTooLong', at, '<value omitted>', detail)
}

/** As `tooLong`, with `max` in characters. */
export function tooLongCharacters(at: PathLike, _value: unknown, max: number): FieldError {
  const detail = max < 0 ? 'value is too long' : `may not be more than ${max} ${max === 1 ? 'character' : 'characters'}`
  return make('FieldValueTooLong', at, '<value omitted>', detail)
}

/** `min` is in characters. */
export function tooShort(at: PathLike, value: unknown, min: number): FieldError {
  const detail = min < 0 ? 'value is too short' : `must be at least ${min} ${min === 1 ? 'character' : 'characters'}`
  return make('FieldValueTooShort', at, value, detail)
}

/** A negative count is unknown and not shown. */
export function tooMany(at: PathLike, actualCount: number, maxCount: number): FieldError {
  const detail = maxCount < 0 ? 'has too many items' : `must have at most ${maxCount} ${maxCount === 1 ? 'item' : 'items'}`
  return make('FieldValueTooMany', at, actualCount < 0 ? omitValue : actualCount, detail)
}

/** A negative count is unknown and not shown. */
export function tooFew(at: PathLike, actualCount: number, minCount: number): FieldError {
  const detail = minCount < 0 ? 'has too few items' : `must have at least ${minCount} ${minCount === 1 ? 'item' : 'items'}`
  return make('FieldValueTooFew', at, actualCount < 0 ? omitValue : actualCount, detail)
}

/** A failure that is not the user's fault. */
export function internal(at: PathLike, message: string): FieldError {
  return make('InternalError', at, omitValue, message)
}

/** The message without the field: `Invalid value: "A": must be lower case`. */
export function errorBody(error: FieldError): string {
  let text = titles[error.type]
  if (!typesWithoutValue.has(error.type) && error.badValue !== omitValue) {
    text += `: ${typeof error.badValue === 'string' ? quote(error.badValue) : goJSON(error.badValue)}`
  }
  return error.detail === '' ? text : `${text}: ${error.detail}`
}

/** `spec.containers[0].name: Required value`. */
export function errorText(error: FieldError): string {
  return `${error.field}: ${errorBody(error)}`
}

/** Several errors as one text: duplicates once, in brackets when more than one is left. Empty for none. */
export function aggregateText(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(errorText))]
  return texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '')
}
