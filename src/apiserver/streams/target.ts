import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'

/** Where a node's kubelet (or another backend) answers. */
export interface StreamTarget {
  host: string
  port: number
  /** With its query, as `/exec/default/web/nginx?command=ls`. */
  path: string
  /** Our identity towards it and what it is checked against. Absent: plain HTTP. */
  tls?: ConnectionOptions
  /** Gives a connection to a backend in this process, which has no socket; `host` and `port` are then names only. */
  connect?: () => Duplex
}

export function urlOf({ host, port, path, tls }: StreamTarget): URL {
  const authority = host.includes(':') ? `[${host}]` : host
  return new URL(`${tls === undefined ? 'http' : 'https'}://${authority}:${port}${path}`)
}

/** The caller was authenticated by us; the backend knows only us. */
export const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'impersonate-user',
  'impersonate-uid',
  'impersonate-group',
  'sec-websocket-protocol',
])
