import { apiVersionOf, parseAPIVersion } from '../resource/resource-info.ts'
import { newBadRequest, type StatusError } from '../status/status.ts'
import { quote } from '../text/quote.ts'

export interface ExpectedType {
  apiVersion: string
  kind: string
}

/**
 * Checks what an object says of its own type; saying nothing is fine.
 * @throws StatusError BadRequest in upstream's words
 */
export function checkType(given: { apiVersion?: unknown; kind?: unknown }, { apiVersion, kind }: ExpectedType): void {
  const givenKind = typeof given.kind === 'string' && given.kind !== '' ? given.kind : kind
  const givenVersion = typeof given.apiVersion === 'string' && given.apiVersion !== '' ? given.apiVersion : apiVersion
  if (givenKind !== kind) {
    const { group } = parseAPIVersion(apiVersion)
    const internal = `${group === '' ? 'core' : group.split('.')[0]}.${kind}`
    const reason = `converting (${parseAPIVersion(givenVersion).version}.${givenKind}) to (${internal}): unknown conversion`
    throw newBadRequest(cannotBeHandled({ apiVersion: givenVersion, kind: givenKind }, kind, reason))
  }
  if (givenVersion !== apiVersion) {
    const expected = apiVersionOf(parseAPIVersion(apiVersion))
    throw newBadRequest(`the API version in the data (${givenVersion}) does not match the expected API version (${expected})`)
  }
}

export function cannotBeHandled({ apiVersion, kind }: ExpectedType, expectedKind: string, reason: string): string {
  return `${kind} in version ${quote(parseAPIVersion(apiVersion).version)} cannot be handled as a ${expectedKind}: ${reason}`
}

/** The body is not even an object with a type. */
export function newUnrecognised(kind: string, reason: string, summary: string): StatusError {
  return newBadRequest(`the object provided is unrecognized (must be of type ${kind}): ${reason} (${summary})`)
}

const summaryBytesMax = 30

/** The beginning of a body, for an error message. */
export function summarise(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>'
  const head = Buffer.from(bytes.subarray(0, summaryBytesMax))
  const text = bytes[0] === 0x7b ? head.toString() : head.toString('hex')
  return bytes.length > summaryBytesMax ? `${text} ...` : text
}
