import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers an upgrade request with an ordinary HTTP/1.1 response and ends the connection. */
export function sendRawResponse(socket: Duplex, statusCode: number, headers: Record<string, string>, body: string | Buffer): void {
  const bytes = Buffer.from(body as string)
  const fields = { ...headers, 'Content-Length': String(bytes.length), Connection: 'close' }
  socket.on('error', () => socket.destroy())
  socket.write(rawHead(statusCode, Object.entries(fields).flat()))
  socket.end(bytes, () => socket.destroy())
}

/** Plain text, as Go's http.Error writes it. */
export function sendRawError(socket: Duplex, statusCode: number, message: string, headers: Record<string, string> = {}): void {
  const fields = { ...headers, 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
  sendRawResponse(socket, statusCode, fields, `${message}\n`)
}

/** @param fields name, value, name, value, … */
export function rawHead(statusCode: number, fields: readonly string[], statusMessage = STATUS_CODES[statusCode] ?? ''): string {
  let head = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`
  for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]!.replaceAll(/[\r\n]+/g, ' ')}\r\n`
  return `${head}\r\n`
}
