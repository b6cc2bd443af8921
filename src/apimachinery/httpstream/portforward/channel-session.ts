import type { Duplex } from 'node:stream'
import { AsyncQueue } from '#base/async-queue.ts'
import type { ChannelSocket } from '../websocket/channel-socket.ts'
import type { PortForwardConnection, PortForwardSession } from './session.ts'

/** A session on a channel protocol: for the port at index i, channel 2i carries data and channel 2i + 1 errors; one connection each. */
export class ChannelPortForwardSession implements PortForwardSession {
  readonly connections = new AsyncQueue<PortForwardConnection>()
  readonly #channels: ChannelSocket
  #open = 0

  constructor(channels: ChannelSocket, ports: readonly number[]) {
    this.#channels = channels
    channels.signal.addEventListener('abort', () => this.connections.close(), { once: true })
    if (channels.signal.aborted) this.connections.close()
    for (const [index, port] of ports.entries()) this.#add(port, channels.channel(2 * index), channels.channel(2 * index + 1))
  }

  get signal(): AbortSignal {
    return this.#channels.signal
  }

  close(): Promise<void> {
    return this.#channels.close()
  }

  #add(port: number, data: Duplex, error: Duplex): void {
    const announcement = Buffer.alloc(2)
    announcement.writeUInt16LE(port)
    data.write(announcement)
    error.write(announcement)
    error.resume()
    this.#open++
    let open = true
    const finish = () => {
      if (!open) return
      open = false
      if (!data.writableEnded) data.end()
      data.resume()
      // The last connection takes the socket with it: no further one can be opened.
      if (--this.#open === 0) this.#channels.close().catch(() => undefined)
    }
    const fail = (message: string) => {
      if (open) error.write(message)
      finish()
    }
    this.connections.push({ port, data, fail, finish })
  }
}
