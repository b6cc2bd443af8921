import type { Duplex } from 'node:stream'
import { joinStreams } from '../join-streams.ts'

/** One connection that the client wants to have carried to a port of the pod. */
export interface PortForwardConnection {
  readonly port: number
  /** Bytes of the connection. Closes when the client gives it up. */
  readonly data: Duplex
  /** Tells the client why the connection failed, and ends it. */
  fail(message: string): void
  /** Ends the connection without an error. Idempotent. */
  finish(): void
}

/** The server's side of one port-forward, the same for every wire protocol. */
export interface PortForwardSession {
  /** Ends when the client is gone. */
  readonly connections: AsyncIterable<PortForwardConnection>
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
  close(): Promise<void>
}

/**
 * Serves a session: `open` connects to a port of the pod (rejecting with what the client shall read), bytes go both ways. Resolves when
 * the client is gone and every connection has ended.
 */
export async function servePortForward(
  session: PortForwardSession,
  pod: { name: string; uid: string },
  open: (port: number, signal: AbortSignal) => Promise<Duplex>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  for await (const connection of session.connections) {
    const serving = serveConnection(session, connection, pod, open).finally(() => running.delete(serving))
    running.add(serving)
  }
  await Promise.all(running)
}

async function serveConnection(
  session: PortForwardSession,
  connection: PortForwardConnection,
  pod: { name: string; uid: string },
  open: (port: number, signal: AbortSignal) => Promise<Duplex>,
): Promise<void> {
  try {
    const target = await open(connection.port, session.signal)
    await joinStreams(connection.data, target)
    connection.finish()
  } catch (error) {
    connection.fail(`error forwarding port ${connection.port} to pod ${pod.name}, uid ${pod.uid}: ${(error as Error).message}`)
  }
}
