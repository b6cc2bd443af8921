import { lookup } from 'node:dns/promises'
import { connect } from 'node:net'
import type { Clock } from '#base/clock.ts'

/** How to find out whether a host can be reached; tests bring their own. */
export interface Reach {
  /** Addresses of a host name. */
  resolve(host: string): Promise<string[]>
  /** Resolves when a TCP connection stands, and closes it. */
  connect(address: { host: string; port: number }, signal: AbortSignal): Promise<void>
}

const httpsPort = 443

/** The real network. */
export const realReach: Reach = {
  async resolve(host) {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  },
  connect({ host, port }, signal) {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, signal })
      socket.once('connect', () => {
        socket.destroy()
        resolve()
      })
      socket.once('error', reject)
    })
  },
}

/**
 * Whether images can be pulled from a registry: its name resolves and one of its addresses takes a connection within the time. Sends
 * nothing beyond that. Never rejects but with `signal.reason`.
 * @param options.host name of the registry, with its port if that is not 443
 */
export async function registryReachable(
  options: { host: string; timeoutMs: number; clock: Clock; reach: Reach },
  signal: AbortSignal,
): Promise<boolean> {
  const { host, timeoutMs, clock, reach } = options
  const [, name, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? []
  const attempt = new AbortController()
  const limited = AbortSignal.any([signal, attempt.signal])
  const { promise: expired, resolve: expire } = Promise.withResolvers<false>()
  using _ = clock.after(timeoutMs, () => expire(false))
  const aborted = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: attempt.signal }),
  )
  const tried = (async () => {
    const addresses = await reach.resolve(name ?? host)
    return Promise.any(addresses.map(address => reach.connect({ host: address, port: Number(port ?? httpsPort) }, limited))).then(
      () => true,
    )
  })().catch(() => false)
  try {
    signal.throwIfAborted()
    return await Promise.race([tried, expired, aborted])
  } finally {
    attempt.abort()
  }
}
