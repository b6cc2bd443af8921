import { mkdir, rm } from 'node:fs/promises'
import { type Socket, connect, createServer } from 'node:net'
import { dirname } from 'node:path'

/** What one can ask a running cluster process: `stop` ends it politely; `status` answers with its process and start time. */
export type ControlRequest = 'stop' | 'status'

export interface ControlStatus {
  pid: number
  startedAtMs: number
  /** The node is Ready. */
  ready: boolean
}

/**
 * Listens for `cox down` and `cox status` on a unix socket. Its connections end when the process does, however it ends: that is how others
 * wait for it without asking again and again.
 */
export async function openControlSocket(path: string, options: { status: ControlStatus; onStop: () => void }): Promise<Disposable> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', data => {
      const request = data.toString().trim() as ControlRequest
      if (request === 'stop') options.onStop()
      else socket.write(`${JSON.stringify(options.status)}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    [Symbol.dispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** What the running process says of itself; undefined when none listens. */
export async function queryControlStatus(path: string): Promise<ControlStatus | undefined> {
  const socket = await dial(path)
  if (socket === undefined) return undefined
  try {
    socket.write('status\n')
    for await (const chunk of socket) return JSON.parse(String(chunk)) as ControlStatus
    return undefined
  } finally {
    socket.destroy()
  }
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
