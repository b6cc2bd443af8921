import { newInternalError, type Status } from '../../status/status.ts'
import type { RemoteCommandResult } from './session.ts'

/** Reason and cause of the Status for a command that exited with another code than 0. */
export const nonZeroExitCodeReason = 'NonZeroExitCode'
export const exitCodeCause = 'ExitCode'

/** The Status that the error channel carries. */
export function statusOfResult(result: RemoteCommandResult): Partial<Status> {
  if ('error' in result) {
    const { apiVersion: _apiVersion, kind: _kind, ...status } = result.error
    return status
  }
  const { exitCode } = result
  if (exitCode === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: nonZeroExitCodeReason,
    details: { causes: [{ reason: exitCodeCause, message: String(exitCode) }] },
  }
}

/** Reads what the error channel carried. Empty text means that the server closed without a word. */
export function resultOfStatusText(text: string): RemoteCommandResult {
  if (text === '') return { error: newInternalError('connection closed before the command ended').status }
  let status: Partial<Status>
  try {
    status = JSON.parse(text)
  } catch {
    // Versions before 4 send the bare message.
    return { error: newInternalError(text).status }
  }
  if (status.status === 'Success') return { exitCode: 0 }
  const cause = status.details?.causes?.find(({ reason }) => reason === exitCodeCause)
  if (status.reason === nonZeroExitCodeReason && /^\d{1,3}$/.test(cause?.message ?? '')) return { exitCode: Number(cause!.message) }
  return { error: { ...status, kind: 'Status', apiVersion: 'v1', metadata: {} } }
}

/** The result for a command that could not be run. */
export function resultOfError(error: unknown): RemoteCommandResult {
  return { error: newInternalError(`error executing command in container: ${(error as Error).message}`, error).status }
}
