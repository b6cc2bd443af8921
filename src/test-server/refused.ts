import { newBadRequest, type StatusError } from '#apimachinery/status/status.ts'
import { errorBody, type FieldError, invalid } from '#apimachinery/validation/field-error.ts'
import { ShapeError } from '#apimachinery/validation/shape.ts'

/** 400, with a cause for each field. */
export function refused(errors: readonly FieldError[]): StatusError {
  const causes = errors.map(error => ({ reason: error.type, message: errorBody(error), ...(error.field !== '' && { field: error.field }) }))
  return newBadRequest(new ShapeError(errors).message, causes)
}

/** What a part of the cluster says about a value that it cannot take. */
export function refusedBy(error: unknown, field: string, value: unknown): StatusError {
  return refused([invalid(field, value, error instanceof Error ? error.message : String(error))])
}
