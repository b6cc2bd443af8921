import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { DialOptions } from '../dial-upgrade.ts'
import { dialSPDY } from '../spdy/upgrade.ts'
import { ChannelSocket } from '../websocket/channel-socket.ts'
import { dialWebSocket } from '../websocket/dial.ts'
import { channel, spdyProtocols, type StreamType, streamProtocol, streamTypeHeader } from './protocols.ts'
import { resultOfStatusText } from './result.ts'
import type { RemoteCommandOptions, RemoteCommandResult, TerminalSize } from './session.ts'

/** The client's side of one exec or attach. */
export interface RemoteCommandProcess {
  /** Ending it gives the command the end of its input. */
  readonly stdin: Writable | undefined
  readonly stdout: Readable | undefined
  readonly stderr: Readable | undefined
  /** Does nothing without a terminal. */
  resize(size: TerminalSize): void
  /** How the command ended. Output can still be in `stdout` and `stderr` then. Never rejects: a lost connection is an error result. */
  readonly result: Promise<RemoteCommandResult>
  /** Gives the command up. Idempotent. */
  close(): Promise<void>
}

export interface RemoteCommandDial extends DialOptions {
  clock: Clock
}

/** Runs exec or attach over SPDY, as a CRI runtime's streaming server speaks it. Rejects when the connection is refused. */
export async function dialRemoteCommandSPDY(dial: RemoteCommandDial, options: RemoteCommandOptions): Promise<RemoteCommandProcess> {
  const { connection } = await dialSPDY(dial, spdyProtocols, { clock: dial.clock })
  const open = (type: StreamType) => connection.createStream(new Map([[streamTypeHeader, type]]))
  const close = () => connection.close()
  return newProcess(open, options, close)
}

/** Runs exec or attach over a WebSocket of version 5, as an API server speaks it. Rejects when the connection is refused. */
export async function dialRemoteCommandWebSocket(dial: RemoteCommandDial, options: RemoteCommandOptions): Promise<RemoteCommandProcess> {
  const socket = await dialWebSocket(dial, streamProtocol.v5)
  const channels = new ChannelSocket(socket, { closeFrames: 'sent', clock: dial.clock })
  return newProcess(
    type => channels.channel(channel[type]),
    options,
    () => channels.close(),
  )
}

/** Opens the streams in the order that upstream's client does. */
function newProcess(open: (type: StreamType) => Duplex, options: RemoteCommandOptions, close: () => Promise<void>): RemoteCommandProcess {
  const error = open('error')
  const stdin = options.stdin ? open('stdin') : undefined
  const stdout = options.stdout ? open('stdout') : undefined
  const stderr = options.stderr ? open('stderr') : undefined
  const resize = options.tty ? open('resize') : undefined
  stdin?.resume()
  return {
    stdin,
    stdout,
    stderr,
    resize({ width, height }) {
      if (resize?.writable) resize.write(`${JSON.stringify({ Width: width, Height: height })}\n`)
    },
    result: text(error).then(resultOfStatusText),
    close,
  }
}
