import type { RemoteCommandOptions } from '#apimachinery/httpstream/remotecommand/session.ts'
import type { ContainerRef, PodRef } from './host.ts'
import { HostError } from './host.ts'

/** `/<verb>/{namespace}/{pod}/{container}`, with a uid before the container if there are five parts. */
export function containerOf(parts: readonly string[]): ContainerRef | undefined {
  const [, namespace, name, third, fourth] = parts
  if (!namespace || !name || !third || parts.length > 5) return undefined
  return fourth === undefined ? { namespace, name, container: third } : { namespace, name, uid: third, container: fourth }
}

/** `/<verb>/{namespace}/{pod}`, and a uid if there are four parts. */
export function podOf(parts: readonly string[]): PodRef | undefined {
  const [, namespace, name, uid] = parts
  if (!namespace || !name || parts.length > 4) return undefined
  return uid === undefined ? { namespace, name } : { namespace, name, uid }
}

/** Streams that exec and attach ask for: `input`, `output`, `error`, `tty`, each "1" for yes. Throws HostError 400. */
export function remoteCommandOptionsOf(query: URLSearchParams): RemoteCommandOptions {
  const has = (name: string) => query.get(name) === '1'
  const tty = has('tty')
  const options = { stdin: has('input'), stdout: has('output'), stderr: has('error') && !tty, tty }
  if (!options.stdin && !options.stdout && !options.stderr) throw new HostError(400, 'you must specify at least 1 of stdin, stdout, stderr')
  return options
}

/** Ports that the channel protocols carry: `port`, repeated or separated by commas. Throws HostError 400. */
export function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll('port')
    .flatMap(value => value.split(','))
    .map(value => {
      const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN
      if (Number.isNaN(port) || port > 65_535) throw new HostError(400, `unable to parse "${value}" as a port`)
      if (port < 1) throw new HostError(400, `port "${value}" must be > 0`)
      return port
    })
}
