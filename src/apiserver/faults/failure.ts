import {
  newConflict,
  newInternalError,
  newResourceExpired,
  newServiceUnavailable,
  newTimeout,
  newTooManyRequests,
  type Status,
  StatusError,
} from '#apimachinery/status/status.ts'
import { requireOneOf } from '#base/known-fields.ts'
import type { RequestInfo } from '../request/request-info.ts'

/** An HTTP status that servers answer when something goes wrong, or the whole answer. */
export type Failure = 409 | 410 | 429 | 500 | 503 | 504 | Status

/** @throws TypeError for what no server answers when something goes wrong */
export function requireFailure(failure: Failure): void {
  const isStatus = typeof failure === 'object' && failure !== null && typeof failure.code === 'number'
  if (!isStatus) requireOneOf('a failure that is no Status with a code', failure, [409, 410, 429, 500, 503, 504])
}

/** What the client is told. */
export function newFailure(failure: Failure, info: RequestInfo, retryAfterSeconds: number): StatusError {
  if (typeof failure === 'object') return new StatusError(failure)
  switch (failure) {
    case 409:
      return newConflict(info, info.name, 'a fault was injected; please apply your changes to the latest version and try again')
    case 410:
      return newResourceExpired('The provided resource version is too old: a fault was injected.')
    case 429:
      return newTooManyRequests('too many requests: a fault was injected, please try again later', retryAfterSeconds)
    case 500:
      return newInternalError('a fault was injected')
    case 503:
      return newServiceUnavailable('a fault was injected, the server is currently unable to handle the request')
    case 504:
      return newTimeout('a fault was injected, the request may still be processed')
  }
}
