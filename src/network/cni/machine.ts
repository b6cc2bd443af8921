import { readFile } from 'node:fs/promises'
import { run } from '#base/process.ts'
import type { Route } from './pod-cidr.ts'

export const ipForwardFile = '/proc/sys/net/ipv4/ip_forward'

/** The machine's IPv4 routes. */
export async function readRoutes(signal: AbortSignal): Promise<Route[]> {
  return JSON.parse((await run('ip', ['-4', '-json', 'route', 'show'], { signal })) || '[]') as Route[]
}

/** The machine's IPv4 resolvers: a pod range over one of them would cut the machine off from names. */
export async function readResolvers(): Promise<string[]> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '')
  return [...text.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map(match => match[1]!)
}

/** Bytes that a packet to the outside may have; undefined without a default route. */
export async function outwardMTU(routes: readonly Route[]): Promise<number | undefined> {
  const device = routes.find(({ dst }) => dst === 'default')?.dev
  if (device === undefined) return undefined
  const mtu = Number(await readFile(`/sys/class/net/${device}/mtu`, 'utf8').catch(() => ''))
  return Number.isInteger(mtu) && mtu > 0 ? mtu : undefined
}
