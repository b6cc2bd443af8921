import { StatusError } from '#apimachinery/status/status.ts'
import { type APIResponse, textBody } from '../request/api-response.ts'

/** The method does not exist for this path. */
export function newNotAllowed(): StatusError {
  return newPathError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

/** There is nothing under this path of a group that is served. */
export function newNoSuchPath(): StatusError {
  return newPathError(404, 'NotFound', 'the server could not find the requested resource')
}

function newPathError(code: number, reason: string, message: string): StatusError {
  return new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details: {}, code })
}

/** The answer for a path that belongs to no served group and to no handler: text, as upstream's router gives it; a Status in process. */
export function notFoundResponse(): APIResponse {
  const { status } = newNoSuchPath()
  return { status: 404, body: { ...textBody('404 page not found\n'), value: () => status } }
}
