/** The file that tells a client which clusters there are and who it is; fields and meaning as in k8s.io/client-go `clientcmd`. */
export interface Kubeconfig {
  apiVersion: 'v1'
  kind: 'Config'
  preferences?: Record<string, unknown>
  clusters: NamedEntry<'cluster', ClusterEntry>[]
  users: NamedEntry<'user', UserEntry>[]
  contexts: NamedEntry<'context', ContextEntry>[]
  'current-context': string
  [unknown: string]: unknown
}

export type NamedEntry<K extends string, T> = { name: string } & { [key in K]: T }

export interface ClusterEntry {
  server?: string
  'certificate-authority'?: string
  /** Base64. */
  'certificate-authority-data'?: string
  'insecure-skip-tls-verify'?: boolean
  'tls-server-name'?: string
  'proxy-url'?: string
  [unknown: string]: unknown
}

export interface UserEntry {
  'client-certificate'?: string
  'client-certificate-data'?: string
  'client-key'?: string
  'client-key-data'?: string
  token?: string
  tokenFile?: string
  username?: string
  password?: string
  [unknown: string]: unknown
}

export interface ContextEntry {
  cluster: string
  user: string
  namespace?: string
  [unknown: string]: unknown
}

/** One cluster with one user, as `cox` makes it. */
export interface Connection {
  /** Name of the context, the cluster and the user. */
  name: string
  /** `https://host:port`. */
  server: string
  /** PEM. */
  ca: string
  /** PEM client certificate and key, or a bearer token. */
  credentials: { certificate: string; key: string } | { token: string }
  namespace?: string
}

export function emptyKubeconfig(): Kubeconfig {
  return { apiVersion: 'v1', kind: 'Config', clusters: [], contexts: [], 'current-context': '', preferences: {}, users: [] }
}

/** A kubeconfig with nothing but this connection. Certificates and keys are inside the file. */
export function buildKubeconfig(connection: Connection): Kubeconfig {
  return withConnection(emptyKubeconfig(), connection)
}

const extensionName = 'coxswain'

/** The same config with the connection added or replaced, and made current. The context that was current is remembered. */
export function withConnection(config: Kubeconfig, connection: Connection): Kubeconfig {
  const { name, server, ca, credentials, namespace } = connection
  const user: UserEntry =
    'token' in credentials
      ? { token: credentials.token }
      : { 'client-certificate-data': base64(credentials.certificate), 'client-key-data': base64(credentials.key) }
  const previous = config['current-context'] === name ? previousContextOf(config, name) : config['current-context']
  const context: ContextEntry = { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) }
  if (previous !== '') context['extensions'] = [{ name: extensionName, extension: { previousContext: previous } }]
  return {
    ...config,
    clusters: put(config.clusters, { name, cluster: { 'certificate-authority-data': base64(ca), server } }),
    contexts: put(config.contexts, { name, context }),
    'current-context': name,
    users: put(config.users, { name, user }),
  }
}

/** The same config without that context, cluster and user; the context that was current before it is current again. */
export function withoutConnection(config: Kubeconfig, name: string): Kubeconfig {
  const previous = previousContextOf(config, name)
  const contexts = config.contexts.filter(entry => entry.name !== name)
  const current = config['current-context']
  const fallback = contexts.some(entry => entry.name === previous) ? previous : ''
  return {
    ...config,
    clusters: config.clusters.filter(entry => entry.name !== name),
    contexts,
    'current-context': current === name ? fallback : current,
    users: config.users.filter(entry => entry.name !== name),
  }
}

/** Nothing that anybody would miss. */
export function isEmptyKubeconfig(config: Kubeconfig): boolean {
  return Object.entries(config).every(([key, value]) => {
    if (key === 'apiVersion' || key === 'kind') return true
    if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
    return value === '' || value === undefined || value === null
  })
}

function previousContextOf(config: Kubeconfig, name: string): string {
  const context = config.contexts.find(entry => entry.name === name)?.context
  const extensions = context?.['extensions']
  if (!Array.isArray(extensions)) return ''
  for (const entry of extensions as { name?: unknown; extension?: { previousContext?: unknown } }[]) {
    if (entry.name === extensionName && typeof entry.extension?.previousContext === 'string') return entry.extension.previousContext
  }
  return ''
}

function put<T extends { name: string }>(entries: readonly T[], entry: T): T[] {
  const index = entries.findIndex(other => other.name === entry.name)
  return index < 0 ? [...entries, entry] : entries.with(index, entry)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
