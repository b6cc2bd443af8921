import type { Readable, Writable } from 'node:stream'
import type { Status } from '../../status/status.ts'

/** Which streams of a command the client asked for. */
export interface RemoteCommandOptions {
  stdin: boolean
  stdout: boolean
  /** Never together with `tty`: a terminal has one output. */
  stderr: boolean
  tty: boolean
}

export interface TerminalSize {
  width: number
  height: number
}

/** How a command ended: it exited, or (`error`) it could not be run. */
export type RemoteCommandResult = { exitCode: number } | { error: Status }

/** The server's side of one exec or attach, the same for every wire protocol. */
export interface RemoteCommandSession {
  readonly options: RemoteCommandOptions
  /** Ends when the client closes its side, and when the client goes away. */
  readonly stdin: Readable | undefined
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
  /** Sizes of the client's terminal. Only the newest is kept for a reader that is late. Ends with the connection. */
  readonly resizes: AsyncIterable<TerminalSize>
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
  /** Sends what was written, then the result, then closes. Resolves when the connection is gone. The first call counts. */
  finish(result: RemoteCommandResult): Promise<void>
}
