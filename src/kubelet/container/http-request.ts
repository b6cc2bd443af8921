import type { Container, HTTPGetAction } from '#api/core/v1/types.gen.ts'
import type { Dialer, HTTPGet } from '../host/dialer.ts'

/** A port of a container by number or name. @throws Error when the container has no port of that name */
export function resolvePort(port: number | string, container: Container): number {
  const number = Number(port)
  if (Number.isInteger(number) && number > 0) return number
  const named = container.ports?.find(({ name }) => name === port)
  if (named === undefined) throw new Error(`couldn't find port by name ${port}`)
  return named.containerPort
}

/** What a probe or a hook asks for. @throws Error when the container has no port of that name */
export function httpGetOf(action: HTTPGetAction, container: Container, podIP: string, userAgent: string): HTTPGet {
  return {
    isTLS: action.scheme === 'HTTPS',
    host: action.host || podIP,
    port: resolvePort(action.port, container),
    path: action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`,
    headers: headersOf(action, userAgent),
  }
}

/**
 * A GET as probes and hooks make them: certificates are not checked, redirects not followed here.
 * @returns the status code, at once when the dialer has it at once
 * @throws Error (or rejects with it) worded like Go's client, whose messages people know, also when aborted
 */
export function httpGet(dialer: Dialer, request: HTTPGet, signal: AbortSignal): Promise<number> | number {
  try {
    const status = dialer.get(request, signal)
    return typeof status === 'number' ? status : status.catch(error => fail(error, request, signal))
  } catch (error) {
    return fail(error, request, signal)
  }
}

function fail(error: unknown, { isTLS, host, port, path }: HTTPGet, signal: AbortSignal): never {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const failure = (signal.aborted ? signal.reason : error) as Error
  throw new Error(`Get "${isTLS ? 'https' : 'http'}://${address}${path}": ${goMessage(failure, address)}`)
}

/** An empty value takes away what is sent by default; what is given more than once is sent as one. */
function headersOf({ httpHeaders }: HTTPGetAction, userAgent: string): Record<string, string> {
  const given: Record<string, string> = {}
  for (const { name, value } of httpHeaders ?? []) {
    const key = name.toLowerCase()
    given[key] = given[key] === undefined ? value : `${given[key]}, ${value}`
  }
  const headers = { 'user-agent': userAgent, accept: '*/*', connection: 'close', ...given }
  for (const key of ['user-agent', 'accept'] as const) if (headers[key] === '') delete (headers as Record<string, string>)[key]
  return headers
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
