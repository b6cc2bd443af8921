import { jsonSyntaxError } from '#apimachinery/codec/json-syntax.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'

/** Where a list goes on. Clients see an opaque string. */
export interface ContinueToken {
  /** The revision of the first page; -1: whatever is newest (the list is then not consistent). */
  revision: number
  /** Key after which to go on, without the collection's prefix. */
  startAfter: string
}

export function encodeContinueToken({ revision, startAfter }: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${startAfter}\0` })).toString('base64url')
}

/** @throws StatusError BadRequest */
export function decodeContinueToken(text: string): ContinueToken {
  const { v: version, rv, start } = parseToken(decodeBase64url(text).toString())
  if (version !== 'meta.k8s.io/v1') throw newInvalidToken(`server does not recognize this encoded version ${version ?? ''}`)
  if (!Number.isSafeInteger(rv) || rv === 0) throw newInvalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '') throw newInvalidToken('encoded start key empty (version meta.k8s.io/v1)')
  const startAfter = start.endsWith('\0') ? start.slice(0, -1) : start
  if (startAfter.split('/').some(part => part === '.' || part === '..')) throw newInvalidToken(start)
  return { revision: rv as number, startAfter }
}

/** Without padding, as Go's `RawURLEncoding`. */
function decodeBase64url(text: string): Buffer {
  const misfit = text.search(/[^A-Za-z0-9_-]/)
  if (misfit >= 0) throw newInvalidToken(`illegal base64 data at input byte ${misfit}`)
  if (text.length % 4 === 1) throw newInvalidToken(`illegal base64 data at input byte ${text.length - 1}`)
  return Buffer.from(text, 'base64url')
}

function parseToken(text: string): { v?: unknown; rv?: unknown; start?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {}
  } catch {
    throw newInvalidToken(jsonSyntaxError(text))
  }
}

function newInvalidToken(reason: string): Error {
  return newBadRequest(`invalid continue token: continue key is not valid: ${reason}`)
}
