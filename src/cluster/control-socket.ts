import { mkdir, rm } from 'node:fs/promises'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { dirname } from 'node:path'

/** What one can ask a running cluster process: `stop` ends it politely, `status` answers at once, `ready` when the node is Ready. */
export type ControlRequest = 'stop' | 'status' | 'ready'

export interface ControlStatus {
  pid: number
  startedAtMs: number
  /** The node is Ready. */
  ready: boolean
}

/**
 * The unix socket of `cox down` and `cox status`. Its connections end when the process does, however it ends: that is how others wait for
 * it without asking again and again.
 */
export class ControlSocket implements Disposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #untilReady: Socket[] = []
  readonly #onStop: () => void
  #status: ControlStatus

  private constructor(status: ControlStatus, onStop: () => void) {
    this.#status = status
    this.#onStop = onStop
    this.#server = createServer(socket => this.#onConnection(socket))
  }

  /** Takes the place of a socket that an earlier process left: the caller makes sure that there is no other process. */
  static async open(path: string, options: { pid: number; startedAtMs: number; onStop: () => void }): Promise<ControlSocket> {
    const { pid, startedAtMs, onStop } = options
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rm(path, { force: true })
    const control = new ControlSocket({ pid, startedAtMs, ready: false }, onStop)
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject)
      control.#server.listen(path, resolve)
    })
    return control
  }

  /** The node is Ready. */
  setReady(): void {
    this.#status = { ...this.#status, ready: true }
    for (const socket of this.#untilReady.splice(0)) this.#answer(socket)
  }

  [Symbol.dispose](): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #onConnection(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', data => {
      const request = data.toString().trim() as ControlRequest
      if (request === 'stop') this.#onStop()
      else if (request === 'ready' && !this.#status.ready) this.#untilReady.push(socket)
      else this.#answer(socket)
    })
  }

  #answer(socket: Socket): void {
    socket.write(`${JSON.stringify(this.#status)}\n`)
  }
}

/** What the running process says of itself; undefined when none listens. */
export function queryControlStatus(path: string): Promise<ControlStatus | undefined> {
  return ask(path, 'status')
}

/** Waits for the running process to get ready; undefined when none listens, or when it ends before that. */
export function untilControlReady(path: string): Promise<ControlStatus | undefined> {
  return ask(path, 'ready')
}

/** Asks the running process to stop and resolves when it has ended; false when none was running. */
export async function requestStop(path: string): Promise<boolean> {
  const socket = await dial(path)
  if (socket === undefined) return false
  socket.write('stop\n')
  await new Promise<void>(resolve => {
    socket.on('close', () => resolve())
    socket.on('error', () => resolve())
    socket.resume()
  })
  return true
}

async function ask(path: string, request: ControlRequest): Promise<ControlStatus | undefined> {
  const socket = await dial(path)
  if (socket === undefined) return undefined
  try {
    socket.write(`${request}\n`)
    for await (const chunk of socket) return JSON.parse(String(chunk)) as ControlStatus
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET' || (error as NodeJS.ErrnoException).code === 'EPIPE') return undefined
    throw error
  } finally {
    socket.destroy()
  }
}

function dial(path: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(socket))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined)
      else reject(error)
    })
  })
}
