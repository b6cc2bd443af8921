import type { Duplex, Writable } from 'node:stream'
import { Resizes } from './resizes.ts'
import { statusOfResult } from './result.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandSession } from './session.ts'

/** The streams of a session on some wire. */
export interface SessionStreams {
  error: Duplex
  stdin: Duplex | undefined
  stdout: Duplex | undefined
  stderr: Duplex | undefined
  resize: Duplex | undefined
}

export interface SessionWire {
  streams: SessionStreams
  options: RemoteCommandOptions
  /** Whether the error stream carries a JSON Status (version 4 and later) or only the text of a failure. */
  statusAsJSON: boolean
  signal: AbortSignal
  /** Closes after everything written so far; resolves when the connection is gone. */
  close(): Promise<void>
}

/** A session on streams that are open already. */
export function newServerSession({ streams, options, statusAsJSON, signal, close }: SessionWire): RemoteCommandSession {
  const { error, stdin, stdout, stderr } = streams
  for (const output of [error, stdout, stderr]) output?.resume()
  let finishing: Promise<void> | undefined
  const finish = async (result: RemoteCommandResult) => {
    await Promise.all([endOf(stdout, signal), endOf(stderr, signal)])
    const status = statusOfResult(result)
    if (statusAsJSON) error.write(JSON.stringify(status))
    else if (status.status !== 'Success') error.write(status.message ?? 'unknown error')
    for (const stream of [stdin, streams.resize]) if (stream?.writable) stream.end()
    await endOf(error, signal)
    await close()
  }
  return {
    options,
    stdin,
    stdout,
    stderr,
    resizes: new Resizes(streams.resize),
    signal,
    finish(result) {
      finishing ??= finish(result)
      return finishing
    },
  }
}

/** Ends a stream and waits until its bytes are on their way, or can go nowhere. */
function endOf(stream: Writable | undefined, signal: AbortSignal): Promise<void> {
  if (stream === undefined || stream.writableFinished || stream.destroyed || signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    stream.once('finish', resolve)
    stream.once('close', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (!stream.writableEnded) stream.end()
  })
}
