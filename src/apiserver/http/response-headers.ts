import type { APIResponse } from '../request/api-response.ts'

/** The headers of every answer, besides the length. */
export function headersOf(response: APIResponse): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'cache-control': 'no-cache, private', ...response.headers }
  if (response.auditID !== undefined) headers['audit-id'] = response.auditID
  if ('contentType' in response.body) headers['content-type'] = response.body.contentType
  if (response.warnings !== undefined) headers['warning'] = response.warnings.map(warningHeader)
  return headers
}

/** `299 - "text"`: RFC 7234, as clients of the API read it. */
function warningHeader(text: string): string {
  const clean = Buffer.from(text.replace(/[\p{Cc}]/gu, ' ').replace(/["\\]/g, character => `\\${character}`))
  return `299 - "${clean.toString('latin1')}"`
}
