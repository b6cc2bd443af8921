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
  if (!/^[A-Za-z0-9_-]*=*$/.test(text)) throw newInvalidToken('illegal base64 data')
  let token: { v?: unknown; rv?: unknown; start?: unknown }
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    throw newInvalidToken('it is no JSON')
  }
  if (token?.v !== 'meta.k8s.io/v1') throw newInvalidToken('incorrect encoded version')
  const { rv, start } = token
  if (!Number.isSafeInteger(rv) || rv === 0) throw newInvalidToken('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof start !== 'string' || start === '') throw newInvalidToken('encoded start key empty (version meta.k8s.io/v1)')
  const startAfter = start.endsWith('\0') ? start.slice(0, -1) : start
  if (startAfter.split('/').some(part => part === '.' || part === '..')) throw newInvalidToken(`invalid continue key`)
  return { revision: rv as number, startAfter }
}

function newInvalidToken(reason: string): Error {
  return newBadRequest(`continue key is not valid: ${reason}`)
}
