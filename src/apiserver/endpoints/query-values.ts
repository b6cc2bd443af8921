import { newBadRequest, newInvalid, type StatusError } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { FieldError } from '#apimachinery/validation/field-error.ts'

/** A query parameter as Go's decoder reads a boolean: present without `false` or `0` means true. */
export function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name)
  if (value === null) return undefined
  return value.toLowerCase() !== 'false' && value !== '0'
}

/** @throws StatusError BadRequest in the words of Go's `strconv` */
export function integerOf(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  return parseInteger(value)
}

export function parseInteger(value: string): number {
  if (!/^[+-]?\d+$/.test(value)) throw newBadRequest(`strconv.ParseInt: parsing ${quote(value)}: invalid syntax`)
  const number = Number(value)
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) throw newBadRequest(`strconv.ParseInt: parsing ${quote(value)}: value out of range`)
  return number
}

/**
 * A resourceVersion as a revision; undefined for none.
 * @throws StatusError BadRequest
 */
export function revisionOf(resourceVersion: string | null): number | undefined {
  if (resourceVersion === null || resourceVersion === '') return undefined
  const revision = /^\d{1,20}$/.test(resourceVersion) ? Number(resourceVersion) : Number.NaN
  if (Number.isSafeInteger(revision)) return revision
  const cause = /^\d+$/.test(resourceVersion) ? 'value out of range' : 'invalid syntax'
  const shown = quote(resourceVersion)
  throw newBadRequest(`invalid resource version: resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: ${cause}`)
}

/** The refusal of options: `CreateOptions.meta.k8s.io "" is invalid: …`. */
export function newInvalidOptions(kind: string, errors: readonly FieldError[]): StatusError {
  return newInvalid({ group: 'meta.k8s.io', kind }, '', errors)
}
