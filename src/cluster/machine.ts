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

/** `wanted` when nobody listens there, else a port that is free now. */
export async function freePort(wanted: number): Promise<number> {
  return (await canListen(wanted)) ?? (await canListen(0))!
}

/** Whether nobody listens on a port of any of the machine's addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port)) !== undefined
}

function canListen(port: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, '0.0.0.0', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined))
    })
  })
}

/** Folder of the CNI plugins: where Debian puts them, else where upstream's archive is unpacked. */
export function cniPluginFolder(): string {
  return existsSync('/usr/lib/cni') ? '/usr/lib/cni' : '/opt/cni/bin'
}
