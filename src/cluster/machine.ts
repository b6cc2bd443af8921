import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

/** What of this machine a new cluster is fitted to. */

/** The machine's address to others: of the interface that the default route uses, else of the first that is up. */
export function machineAddress(defaultDevice: string | undefined): string {
  const interfaces = networkInterfaces()
  const preferred = defaultDevice === undefined ? [] : (interfaces[defaultDevice] ?? [])
  const all = [...preferred, ...Object.values(interfaces).flatMap(addresses => addresses ?? [])]
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1'
}

/** The machine's host name as a node name: lower case, only what a DNS name may have. */
export function machineNodeName(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  return name === '' ? 'node' : name
}

/** A port that nobody else can take until it is disposed of, which whoever listens there does just before. */
export interface ReservedPort extends AsyncDisposable {
  port: number
}

/** `wanted` when nobody listens there, else a port that is free now. */
export async function reservePort(wanted: number): Promise<ReservedPort> {
  return (await reserve(wanted)) ?? (await reserve(0))!
}

/** `wanted` when nobody listens there, else a port that is free now. */
export async function freePort(wanted: number): Promise<number> {
  await using reserved = await reservePort(wanted)
  return reserved.port
}

/** Whether nobody listens on a port of any of the machine's addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  await using reserved = await reserve(port)
  return reserved !== undefined
}

function reserve(port: number): Promise<ReservedPort | undefined> {
  const server = createServer(socket => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined)
      else reject(error)
    })
    server.listen(port, '0.0.0.0', () => {
      const closed = () => new Promise<void>(done => server.close(() => done()))
      resolve({ port: (server.address() as { port: number }).port, [Symbol.asyncDispose]: closed })
    })
  })
}

/** Folder of the CNI plugins: where Debian puts them, else where upstream's archive is unpacked. */
export function cniPluginFolder(): string {
  return existsSync('/usr/lib/cni') ? '/usr/lib/cni' : '/opt/cni/bin'
}
