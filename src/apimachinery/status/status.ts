import type { GroupResource } from '../resource/resource-info.ts'
import type { Status, StatusCause, StatusDetails } from '../meta/v1/types.gen.ts'
import { quote } from '../text/quote.ts'
import { aggregateText, errorBody, type FieldError } from '../validation/field-error.ts'

export type { Status, StatusCause, StatusDetails }

/** The answers of the API that are not objects. Sentences are those of k8s.io/apimachinery's `api/errors`: clients and people parse them. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status

  constructor(status: Status, options?: ErrorOptions) {
    super(status.message ?? '', options)
    this.status = status
  }

  /** HTTP status code. */
  get code(): number {
    return this.status.code ?? 0
  }

  /** Machine-readable, for example `NotFound`; '' when the server gave none. */
  get reason(): string {
    return this.status.reason ?? ''
  }
}

function failure(code: number, reason: string, message: string, details?: StatusDetails, options?: ErrorOptions): StatusError {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason }
  if (details !== undefined) status.details = details
  status.code = code
  return new StatusError(status, options)
}

/** `deployments.apps`, `pods`. */
export function qualifiedName(group: string, name: string): string {
  return group === '' ? name : `${name}.${group}`
}

function detailsOf({ group, resource }: GroupResource, name: string, more?: StatusDetails): StatusDetails {
  const details: StatusDetails = {}
  if (name !== '') details.name = name
  if (group !== '') details.group = group
  if (resource !== '') details.kind = resource
  return { ...details, ...more }
}

export function newNotFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${qualifiedName(resource.group, resource.resource)} ${quote(name)} not found`, detailsOf(resource, name))
}

export function newAlreadyExists(resource: GroupResource, name: string): StatusError {
  const message = `${qualifiedName(resource.group, resource.resource)} ${quote(name)} already exists`
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name))
}

/** A name made from `generateName` was taken; the client should try again. */
export function newGenerateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message = `${qualifiedName(resource.group, resource.resource)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return failure(409, 'AlreadyExists', message, detailsOf(resource, name, { retryAfterSeconds }))
}

export function newConflict(resource: GroupResource, name: string, cause: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource.group, resource.resource)} ${quote(name)}: ${cause}`
  return failure(409, 'Conflict', message, detailsOf(resource, name))
}

/** The refusal of a server-side apply; one cause per field. */
export function newApplyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes })
}

export function newInvalid(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): StatusError {
  const subject = `${qualifiedName(kind.group, kind.kind)} ${quote(name)} is invalid`
  const details = detailsOf({ group: kind.group, resource: kind.kind }, name)
  if (errors.length > 0) {
    details.causes = errors.map(error => {
      const cause: StatusCause = { reason: error.type, message: errorBody(error) }
      if (error.field !== '') cause.field = error.field
      return cause
    })
  }
  return failure(422, 'Invalid', errors.length === 0 ? subject : `${subject}: ${aggregateText(errors)}`, details)
}

export function newBadRequest(message: string, causes?: StatusCause[]): StatusError {
  return failure(400, 'BadRequest', message, causes === undefined ? undefined : { causes })
}

export function newUnauthorized(message = ''): StatusError {
  return failure(401, 'Unauthorized', message === '' ? 'not authorized' : message)
}

export function newForbidden(resource: GroupResource, name: string, cause: string): StatusError {
  const subject = qualifiedName(resource.group, resource.resource)
  let message = `forbidden: ${cause}`
  if (resource.resource !== '' || resource.group !== '') {
    message = name === '' ? `${subject} is forbidden: ${cause}` : `${subject} ${quote(name)} is forbidden: ${cause}`
  }
  return failure(403, 'Forbidden', message, detailsOf(resource, name))
}

export function newMethodNotSupported(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(qualifiedName(resource.group, resource.resource))}`
  return failure(405, 'MethodNotAllowed', message, detailsOf(resource, ''))
}

/** `cause` is shown to the client: no stack, no secret. `error` stays inside, for the log. */
export function newInternalError(cause: string, error?: unknown): StatusError {
  const options = error === undefined ? undefined : { cause: error }
  return failure(500, 'InternalError', `Internal error occurred: ${cause}`, { causes: [{ message: cause }] }, options)
}

/** The server gave up; the action may still happen. */
export function newTimeout(message: string, retryAfterSeconds = 0): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, retryAfterSeconds > 0 ? { retryAfterSeconds } : {})
}

export function newServerTimeout(resource: GroupResource, operation: string, retryAfterSeconds = 0): StatusError {
  const subject = qualifiedName(resource.group, resource.resource)
  const message = `The ${operation} operation against ${subject} could not be completed at this time, please try again.`
  return failure(500, 'ServerTimeout', message, detailsOf(resource, operation, retryAfterSeconds > 0 ? { retryAfterSeconds } : undefined))
}

export function newTooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return failure(429, 'TooManyRequests', message, retryAfterSeconds > 0 ? { retryAfterSeconds } : {})
}

export function newGone(message: string): StatusError {
  return failure(410, 'Gone', message)
}

/** The resourceVersion or continue token is too old. */
export function newResourceExpired(message: string): StatusError {
  return failure(410, 'Expired', message)
}

export function newRequestEntityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)
}

export function newUnsupportedMediaType(message: string): StatusError {
  return failure(415, 'UnsupportedMediaType', message)
}

export function newNotAcceptable(message: string): StatusError {
  return failure(406, 'NotAcceptable', message)
}

export function newServiceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message)
}

const genericAnswers: Record<number, { reason: string; message: string }> = {
  400: { reason: 'BadRequest', message: 'the server rejected our request for an unknown reason' },
  401: { reason: 'Unauthorized', message: 'the server has asked for the client to provide credentials' },
  404: { reason: 'NotFound', message: 'the server could not find the requested resource' },
  405: { reason: 'MethodNotAllowed', message: 'the server does not allow this method on the requested resource' },
  409: { reason: 'Conflict', message: 'the server reported a conflict' },
  422: { reason: 'Invalid', message: 'the server rejected our request due to an error in our request' },
  429: { reason: 'TooManyRequests', message: 'the server has received too many requests and has asked us to try again later' },
  503: { reason: 'ServiceUnavailable', message: 'the server is currently unable to handle the request' },
  504: {
    reason: 'Timeout',
    message: 'the server was unable to return a response in the time allotted, but may still be processing the request',
  },
}

function genericAnswer(code: number, verb: string, serverMessage: string): { reason: string; message: string } {
  if (code === 409 && verb === 'POST') return { reason: 'AlreadyExists', message: 'the server reported a conflict' }
  if (code === 403) return { reason: 'Forbidden', message: serverMessage }
  if (code === 415) return { reason: 'UnsupportedMediaType', message: serverMessage }
  if (code === 406) {
    const known = serverMessage !== '' && serverMessage !== 'unknown'
    const fallback = 'the server was unable to respond with a content type that the client supports'
    return { reason: 'NotAcceptable', message: known ? serverMessage : fallback }
  }
  const answer = genericAnswers[code]
  if (answer !== undefined) return answer
  if (code >= 500) {
    return {
      reason: 'InternalError',
      message: `an error on the server (${quote(serverMessage)}) has prevented the request from succeeding`,
    }
  }
  return { reason: '', message: `the server responded with the status code ${code} but did not return more information` }
}

/**
 * What a client makes of an answer that is not a Status.
 * @param verb HTTP method
 * @param isUnexpectedResponse the body was read and not understood: it becomes a cause
 */
export function newGenericServerResponse(
  code: number,
  verb: string,
  resource: GroupResource,
  name: string,
  serverMessage: string,
  retryAfterSeconds = 0,
  isUnexpectedResponse = true,
): StatusError {
  const answer = genericAnswer(code, verb, serverMessage)
  let { message } = answer
  if (resource.resource !== '' || resource.group !== '') {
    const subject = `${verb.toLowerCase()} ${qualifiedName(resource.group, resource.resource)}`
    message += name === '' ? ` (${subject})` : ` (${subject} ${name})`
  }
  const details = detailsOf(resource, name)
  if (isUnexpectedResponse) details.causes = [{ reason: 'UnexpectedServerResponse', message: serverMessage }]
  if (retryAfterSeconds > 0) details.retryAfterSeconds = retryAfterSeconds
  return failure(code, answer.reason, message, details)
}

const knownReasons: ReadonlySet<string> = new Set([
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'Gone',
  'Invalid',
  'ServerTimeout',
  'Timeout',
  'TooManyRequests',
  'BadRequest',
  'MethodNotAllowed',
  'NotAcceptable',
  'RequestEntityTooLarge',
  'UnsupportedMediaType',
  'InternalError',
  'Expired',
  'ServiceUnavailable',
])

/** By reason; by code only when the reason is none that we know. */
function matches(error: unknown, reason: string, code?: number): boolean {
  if (!(error instanceof StatusError)) return false
  return error.reason === reason || (code !== undefined && error.code === code && !knownReasons.has(error.reason))
}

export const isNotFound = (error: unknown): error is StatusError => matches(error, 'NotFound', 404)
export const isAlreadyExists = (error: unknown): error is StatusError => matches(error, 'AlreadyExists')
export const isConflict = (error: unknown): error is StatusError => matches(error, 'Conflict', 409)
export const isInvalid = (error: unknown): error is StatusError => matches(error, 'Invalid', 422)
export const isGone = (error: unknown): error is StatusError => matches(error, 'Gone', 410)
/** The version asked for is no longer kept: list again. */
export const isExpired = (error: unknown): error is StatusError => matches(error, 'Expired') || isGone(error)
export const isNotAcceptable = (error: unknown): error is StatusError => matches(error, 'NotAcceptable', 406)
export const isUnsupportedMediaType = (error: unknown): error is StatusError => matches(error, 'UnsupportedMediaType', 415)
export const isMethodNotSupported = (error: unknown): error is StatusError => matches(error, 'MethodNotAllowed', 405)
export const isServiceUnavailable = (error: unknown): error is StatusError => matches(error, 'ServiceUnavailable', 503)
export const isBadRequest = (error: unknown): error is StatusError => matches(error, 'BadRequest', 400)
export const isUnauthorized = (error: unknown): error is StatusError => matches(error, 'Unauthorized', 401)
export const isForbidden = (error: unknown): error is StatusError => matches(error, 'Forbidden', 403)
export const isTimeout = (error: unknown): error is StatusError => matches(error, 'Timeout', 504)
export const isServerTimeout = (error: unknown): error is StatusError => matches(error, 'ServerTimeout')
export const isInternalError = (error: unknown): error is StatusError => matches(error, 'InternalError', 500)
export const isRequestEntityTooLarge = (error: unknown): error is StatusError => matches(error, 'RequestEntityTooLarge', 413)
export const isTooManyRequests = (error: unknown): error is StatusError =>
  matches(error, 'TooManyRequests', 429) || (error instanceof StatusError && error.code === 429)

/** True when one of the causes has that reason, for example `DisruptionBudget`. */
export function hasStatusCause(error: unknown, reason: string): boolean {
  return error instanceof StatusError && (error.status.details?.causes?.some(cause => cause.reason === reason) ?? false)
}

/** Seconds the server asked to wait; undefined when it did not. */
export function retryAfterSecondsOf(error: unknown): number | undefined {
  return error instanceof StatusError ? error.status.details?.retryAfterSeconds : undefined
}

/**
 * The error that the server meant: from a decoded Status, or from any other body by the HTTP status alone. For the client's side.
 * @param body decoded JSON, text, or undefined
 */
export function statusErrorOf(
  body: unknown,
  httpStatus: number,
  request: { verb?: string; resource?: GroupResource; name?: string; retryAfterSeconds?: number } = {},
): StatusError {
  if (typeof body === 'object' && body !== null && (body as Status).kind === 'Status') {
    const status = body as Status
    return new StatusError(status.code === undefined || status.code === 0 ? { ...status, code: httpStatus } : status)
  }
  const text = typeof body === 'string' && body.trim() !== '' ? body.trim().slice(0, 2048) : 'unknown'
  const resource = request.resource ?? { group: '', resource: '' }
  return newGenericServerResponse(httpStatus, request.verb ?? 'GET', resource, request.name ?? '', text, request.retryAfterSeconds ?? 0)
}

/** The only road from an error to the wire. What is not a StatusError becomes a 500 that tells its message, never its stack. */
export function toStatus(error: unknown): Status {
  if (error instanceof StatusError) return error.status
  return newInternalError(error instanceof Error ? error.message : String(error)).status
}

/** How long the server asks to wait before the next attempt; 0 when it does not ask. */
export function retryAfterMsOf(error: unknown): number {
  return error instanceof StatusError ? (error.status.details?.retryAfterSeconds ?? 0) * 1000 : 0
}
