import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * Something that only one process of this machine does at a time. The kernel keeps the lock and gives it back when the process ends,
 * however it ends: there is no file that could be stale.
 */
export interface MachineLock extends Disposable {
  readonly name: string
}

/** Who holds a lock, as far as it says so. */
export interface LockHolder {
  pid: number | undefined
}

/** Takes the lock, or tells who holds it. */
export async function tryLock(name: string): Promise<{ lock: MachineLock } | { holder: LockHolder }> {
  for (;;) {
    const server = await listen(name)
    if (server !== undefined) return { lock: server }
    const socket = await dial(name)
    // Given back between the two looks.
    if (socket === undefined) continue
    return { holder: { pid: await readPID(socket) } }
  }
}

/** Whether somebody holds the lock. Takes nothing, not even for a moment: who wants the lock meanwhile gets it. */
export async function isLocked(name: string): Promise<boolean> {
  const socket = await dial(name)
  socket?.destroy()
  return socket !== undefined
}

/** Takes the lock as soon as nobody else holds it. @throws `signal.reason` when aborted */
export async function lock(name: string, signal: AbortSignal): Promise<MachineLock> {
  for (;;) {
    signal.throwIfAborted()
    const server = await listen(name)
    if (server !== undefined) return server
    await untilUnlocked(name, signal)
  }
}

/** Resolves when nobody holds the lock, which the kernel tells. @throws `signal.reason` when aborted */
export async function untilUnlocked(name: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const socket = await dial(name)
  if (socket === undefined) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = () => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  socket.on('error', () => resolve()).on('close', () => resolve())
  socket.resume()
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    socket.destroy()
  }
}

/** An abstract socket: a name without a file. */
function addressOf(name: string): string {
  return `\0coxswain/${name}`
}

function listen(name: string): Promise<MachineLock | undefined> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    // Open for as long as the lock is held: its end is what others wait for.
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    socket.unref()
    socket.write(`${process.pid}\n`)
  })
  const held: MachineLock = {
    name,
    [Symbol.dispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(addressOf(name), () => {
      server.unref()
      resolve(held)
    })
  })
}

function dial(name: string): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(addressOf(name))
    socket.once('connect', () => resolve(socket))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
  })
}

async function readPID(socket: Socket): Promise<number | undefined> {
  try {
    for await (const chunk of socket) {
      const pid = Number(String(chunk))
      return Number.isInteger(pid) ? pid : undefined
    }
  } catch {
    // It ended just now, which is no answer either.
  } finally {
    socket.destroy()
  }
  return undefined
}
