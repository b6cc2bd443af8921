/** The gRPC status codes by number, spelled as Go prints them. */
const codeNames = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const

export type CRIErrorCode = (typeof codeNames)[number]

/** What a call that failed may have as code. */
export const failureCodes = codeNames.filter(code => code !== 'OK')

/** What a runtime answered instead of a result. Match it by `code` (or the guards below), never by its text. */
export class CRIError extends Error {
  override readonly name = 'CRIError'
  readonly code: CRIErrorCode
  /** What the runtime said, without the code. */
  readonly description: string

  /** `message` has the form that upstream's kubelet shows in events and statuses: `rpc error: code = NotFound desc = …`. */
  constructor(code: CRIErrorCode, description: string, options?: ErrorOptions) {
    super(`rpc error: code = ${code} desc = ${description}`, options)
    this.code = code
    this.description = description
  }

  /** The error of a gRPC status number; numbers that gRPC does not know count as `Unknown`. */
  static fromStatus(number: number, description: string, options?: ErrorOptions): CRIError {
    return new CRIError(codeNames[number] ?? 'Unknown', description, options)
  }
}

function hasCode(error: unknown, code: CRIErrorCode): error is CRIError {
  return error instanceof CRIError && error.code === code
}

/** The sandbox, container or image does not exist (any more). */
export const isNotFound = (error: unknown): error is CRIError => hasCode(error, 'NotFound')

export const isAlreadyExists = (error: unknown): error is CRIError => hasCode(error, 'AlreadyExists')

/** The runtime is too old for this call. */
export const isUnimplemented = (error: unknown): error is CRIError => hasCode(error, 'Unimplemented')

/** Nobody listens on the socket, or the runtime went away during the call. Trying again later is the caller's business. */
export const isUnavailable = (error: unknown): error is CRIError => hasCode(error, 'Unavailable')

/** The command of ExecSync, or the call, took longer than its own time limit. */
export const isDeadlineExceeded = (error: unknown): error is CRIError => hasCode(error, 'DeadlineExceeded')
