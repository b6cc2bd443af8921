import {
  errorBody,
  errorText,
  type FieldError,
  FieldPath,
  forbidden,
  invalid,
  notSupported,
  path,
  required,
  typeInvalid,
} from './field-error.ts'
import { isObject, type JSONObject } from '../value/json-value.ts'

/** The part of JSON Schema that OpenAPI 3.1 documents need here. */
export type JSONSchema = { description?: string; [keyword: string]: unknown }

/** What a JSON value has to be, declared once: it checks values that come in, and describes itself in OpenAPI. */
export interface Shape<T> {
  readonly schema: JSONSchema
  /** For sentences: `a number`. */
  readonly noun: string
  /** Whether the value is of the shape's JSON type; what is in it may be wrong all the same. */
  fits(value: unknown): boolean
  /** @returns the value as the program takes it, when nothing was added to `errors`; called only with what fits */
  read(value: unknown, at: FieldPath, errors: FieldError[]): T
}

export type TypeOf<S> = S extends Shape<infer T> ? T : never

/** A value that is not of the shape asked for. The message tells each field with what is wrong. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError'
  readonly errors: readonly FieldError[]

  constructor(errors: readonly FieldError[]) {
    super(errors.map(error => (error.field === '' ? errorBody(error) : errorText(error))).join('; '))
    this.errors = errors
  }
}

/** @throws ShapeError */
export function readShape<T>(shape: Shape<T>, value: unknown): T {
  const errors: FieldError[] = []
  const result = readAt(shape, value, path(), errors)
  if (errors.length > 0) throw new ShapeError(errors)
  return result as T
}

function readAt<T>(shape: Shape<T>, value: unknown, at: FieldPath, errors: FieldError[]): T | undefined {
  if (shape.fits(value)) return shape.read(value, at, errors)
  errors.push(typeInvalid(at, value ?? null, `must be ${shape.noun}`))
  return undefined
}

/** The same with a sentence for the document. */
export function described<T>(description: string, shape: Shape<T>): Shape<T> {
  return { ...shape, schema: { ...shape.schema, description } }
}

export function text(): Shape<string> {
  return { schema: { type: 'string' }, noun: 'a string', fits: value => typeof value === 'string', read: value => value as string }
}

export function boolean(): Shape<boolean> {
  return {
    schema: { type: 'boolean' },
    noun: 'true or false',
    fits: value => typeof value === 'boolean',
    read: value => value as boolean,
  }
}

interface NumberRange {
  min: number
  max?: number
}

export function number({ min, max }: NumberRange): Shape<number> {
  return {
    schema: { type: 'number', minimum: min, ...(max !== undefined && { maximum: max }) },
    noun: 'a number',
    fits: value => typeof value === 'number',
    read: (value, at, errors) => {
      if (!((value as number) >= min && (value as number) <= (max ?? Number.MAX_VALUE)))
        errors.push(invalid(at, value, rangeText(min, max)))
      return value as number
    },
  }
}

export function integer(range: NumberRange): Shape<number> {
  const base = number(range)
  return { ...base, schema: { ...base.schema, type: 'integer' }, noun: 'a whole number', fits: value => Number.isInteger(value) }
}

function rangeText(min: number, max: number | undefined): string {
  return max === undefined ? `must be ${min} or more` : `must be ${min} to ${max}`
}

/** Values of one JSON type. */
export function oneOf<const V extends string | number>(...values: readonly V[]): Shape<V> {
  const type = typeof values[0]
  return {
    schema: { type, enum: values },
    noun: type === 'string' ? 'a string' : 'a number',
    fits: value => typeof value === type,
    read: (value, at, errors) => {
      if (!values.includes(value as V)) errors.push(notSupported(at, value, values.map(String)))
      return value as V
    },
  }
}

export function list<T>(item: Shape<T>): Shape<T[]> {
  return {
    schema: { type: 'array', items: item.schema },
    noun: 'a list',
    fits: Array.isArray,
    read: (value, at, errors) => (value as unknown[]).map((each, index) => readAt(item, each, at.index(index), errors) as T),
  }
}

export function map<T>(item: Shape<T>): Shape<Record<string, T>> {
  return {
    schema: { type: 'object', additionalProperties: item.schema },
    noun: 'an object',
    fits: isObject,
    read: (value, at, errors) =>
      Object.fromEntries(Object.entries(value as JSONObject).map(([key, each]) => [key, readAt(item, each, at.key(key), errors) as T])),
  }
}

export type Fields = Readonly<Record<string, Shape<unknown>>>

type Simplify<T> = { [K in keyof T]: T[K] }
type ObjectOf<R extends Fields, O extends Fields> = Simplify<
  { -readonly [K in keyof R]: TypeOf<R[K]> } & { -readonly [K in keyof O]?: TypeOf<O[K]> }
>

/** Fields that have no declaration are errors: most are misspelt. */
export function object<const R extends Fields, const O extends Fields>(needed: R, optional: O): Shape<ObjectOf<R, O>> {
  const fields: Fields = { ...needed, ...optional }
  const properties = Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema]))
  const names = Object.keys(needed)
  return {
    schema: { type: 'object', properties, ...(names.length > 0 && { required: names }), additionalProperties: false },
    noun: 'an object',
    fits: isObject,
    read: (value, at, errors) => {
      const given = value as JSONObject
      const result: JSONObject = {}
      for (const name of names) if (given[name] === undefined) errors.push(required(at.child(name)))
      for (const [name, each] of Object.entries(given)) {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined
        if (field === undefined) errors.push(forbidden(at.child(name), `unknown field; known are ${Object.keys(fields).join(', ')}`))
        else if (each !== undefined) result[name] = readAt(field, each, at.child(name), errors)
      }
      return result as ObjectOf<R, O>
    },
  }
}

/** One of several shapes, which differ in their JSON type. */
export function either<const S extends readonly Shape<unknown>[]>(...shapes: S): Shape<TypeOf<S[number]>> {
  return {
    schema: { anyOf: shapes.map(({ schema }) => schema) },
    noun: shapes.map(({ noun }) => noun).join(' or '),
    fits: value => shapes.some(shape => shape.fits(value)),
    read: (value, at, errors) => shapes.find(shape => shape.fits(value))!.read(value, at, errors) as TypeOf<S[number]>,
  }
}

/** Any object; for what the cluster answers. */
export function anyObject<T = JSONObject>(description: string): Shape<T> {
  return { schema: { type: 'object', description }, noun: 'an object', fits: isObject, read: value => value as T }
}

/** Any JSON value. */
export function anything(description: string): Shape<unknown> {
  return { schema: { description }, noun: 'a value', fits: () => true, read: value => value }
}
