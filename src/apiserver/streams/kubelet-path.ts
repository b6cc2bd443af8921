/** Decoded core/v1 PodExecOptions or PodAttachOptions. */
export interface PodStreamOptions {
  stdin?: boolean | undefined
  stdout?: boolean | undefined
  stderr?: boolean | undefined
  tty?: boolean | undefined
  command?: readonly string[] | undefined
}

/** Decoded core/v1 PodLogOptions. */
export interface PodLogQuery {
  follow?: boolean | undefined
  previous?: boolean | undefined
  timestamps?: boolean | undefined
  sinceSeconds?: number | undefined
  sinceTime?: string | undefined
  tailLines?: number | undefined
  limitBytes?: number | undefined
  stream?: string | undefined
}

export interface PodName {
  namespace: string
  name: string
}

/** The kubelet's path for exec or attach, with the query that it expects. */
export function remoteCommandPath(verb: 'exec' | 'attach', pod: PodName, container: string, options: PodStreamOptions): string {
  const query = new URLSearchParams()
  if (options.stdin) query.set('input', '1')
  if (options.stdout) query.set('output', '1')
  if (options.stderr) query.set('error', '1')
  if (options.tty) query.set('tty', '1')
  for (const word of verb === 'exec' ? (options.command ?? []) : []) query.append('command', word)
  return withQuery([verb, pod.namespace, pod.name, container], query)
}

/** The kubelet's path for port-forward. */
export function portForwardPath(pod: PodName, ports: readonly number[] = []): string {
  const query = new URLSearchParams()
  // One value, as upstream's query conversion writes it.
  if (ports.length > 0) query.set('port', ports.join(','))
  return withQuery(['portForward', pod.namespace, pod.name], query)
}

/** The kubelet's path for a container's log. */
export function containerLogPath(pod: PodName, container: string, options: PodLogQuery): string {
  const query = new URLSearchParams()
  for (const name of ['follow', 'previous', 'timestamps'] as const) if (options[name]) query.set(name, 'true')
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream'] as const) {
    const value = options[name]
    if (value !== undefined) query.set(name, String(value))
  }
  return withQuery(['containerLogs', pod.namespace, pod.name, container], query)
}

function withQuery(parts: readonly string[], query: URLSearchParams): string {
  const path = `/${parts.map(encodeURIComponent).join('/')}`
  return query.size === 0 ? path : `${path}?${query}`
}
