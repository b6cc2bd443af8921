import { request as requestHTTP } from 'node:http'
import { request as requestHTTPS } from 'node:https'
import type { Container, HTTPGetAction } from '#api/core/v1/types.gen.ts'

export interface HTTPAnswer {
  statusCode: number
  body: string
}

const bodyBytesMax = 10 * 1024

/** A port of a container by number or name. @throws Error when the container has no port of that name */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port)
  if (Number.isInteger(number) && number > 0) return number
  const named = container.ports?.find(({ name }) => name === port)
  if (named === undefined) throw new Error(`couldn't find port by name ${port}`)
  return named.containerPort
}

/**
 * A GET as probes and hooks make them: certificates are not checked, redirects not followed here.
 * @throws Error worded like Go's client, whose messages people know; `signal.reason` when aborted
 */
export function httpGet(
  action: HTTPGetAction,
  container: Container,
  podIP: string,
  userAgent: string,
  signal: AbortSignal,
): Promise<HTTPAnswer> {
  const isTLS = action.scheme === 'HTTPS'
  const host = action.host || podIP
  const port = resolvePort(action.port, container)
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const headers: Record<string, string> = { 'User-Agent': userAgent, Accept: '*/*', Connection: 'close' }
  for (const { name, value } of action.httpHeaders ?? []) {
    for (const key of Object.keys(headers)) if (key.toLowerCase() === name.toLowerCase()) delete headers[key]
    if (value !== '' || name.toLowerCase() !== 'accept') headers[name] = value
  }
  const address = host.includes(':') ? `[${host}]` : host
  const url = `${isTLS ? 'https' : 'http'}://${address}:${port}${path}`
  return new Promise((resolve, reject) => {
    const options = { host, port, path, headers, signal, agent: false as const, ...(isTLS && { rejectUnauthorized: false }) }
    const request = (isTLS ? requestHTTPS : requestHTTP)(options, response => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        if (size < bodyBytesMax) chunks.push(chunk)
        size += chunk.length
      })
      const end = () => resolve({ statusCode: response.statusCode ?? 0, body: Buffer.concat(chunks).subarray(0, bodyBytesMax).toString() })
      response.on('end', end)
      response.on('error', error => reject(new Error(`Get "${url}": ${goMessage(error, `${address}:${port}`)}`)))
    })
    request.on('error', error => {
      if (signal.aborted) reject(signal.reason)
      else reject(new Error(`Get "${url}": ${goMessage(error, `${address}:${port}`)}`))
    })
    request.end()
  })
}

/** What Go says to the same failure. */
export function goMessage(error: NodeJS.ErrnoException, address: string): string {
  const words: Record<string, string> = {
    ECONNREFUSED: `dial tcp ${address}: connect: connection refused`,
    EHOSTUNREACH: `dial tcp ${address}: connect: no route to host`,
    ENETUNREACH: `dial tcp ${address}: connect: network is unreachable`,
    ETIMEDOUT: `dial tcp ${address}: i/o timeout`,
    ECONNRESET: 'EOF',
  }
  return words[error.code ?? ''] ?? error.message
}
