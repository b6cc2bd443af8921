import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { emptyKubeconfig, type Kubeconfig } from './kubeconfig.ts'
import { KubeconfigError, readKubeconfig } from './kubeconfig-file.ts'

/** All that is needed to talk to an API server. PEM texts. */
export interface ClientConfig {
  /** `https://host:port`. */
  server: string
  ca?: string
  cert?: string
  key?: string
  token?: string
  insecureSkipTLSVerify?: boolean
  /** Name that the server's certificate must have, when it is not that of `server`. */
  tlsServerName?: string
  /** Of the context; `default` when it has none. */
  namespace: string
}

/**
 * Reads the files in order, as client-go reads the list in KUBECONFIG: the first file that has a name, or a current context, wins; missing
 * files are left out; relative paths in a file are relative to its folder.
 */
export async function loadKubeconfig(paths: readonly string[]): Promise<Kubeconfig> {
  const merged = emptyKubeconfig()
  for (const path of paths) {
    const config = path === '' ? undefined : await readKubeconfig(path)
    if (config === undefined) continue
    resolvePaths(config, dirname(resolve(path)))
    for (const list of ['clusters', 'contexts', 'users'] as const) {
      const known = new Set(merged[list].map(entry => entry.name))
      const added = (config[list] as { name: string }[]).filter(entry => !known.has(entry.name))
      ;(merged[list] as { name: string }[]).push(...added)
    }
    merged['current-context'] ||= config['current-context']
  }
  return merged
}

const clusterPaths = ['certificate-authority'] as const
const userPaths = ['client-certificate', 'client-key', 'tokenFile'] as const

function resolvePaths(config: Kubeconfig, folder: string): void {
  for (const { cluster } of config.clusters) {
    for (const key of clusterPaths) if (cluster?.[key]) cluster[key] = resolve(folder, cluster[key])
  }
  for (const { user } of config.users) {
    for (const key of userPaths) if (user?.[key]) user[key] = resolve(folder, user[key])
  }
}

/**
 * What a context means; the current one by default.
 * @throws KubeconfigError in the words of client-go, where it has any
 */
export async function clientConfigOf(config: Kubeconfig, contextName?: string): Promise<ClientConfig> {
  const name = contextName ?? config['current-context']
  if (name === '') throw new KubeconfigError('invalid configuration: no configuration has been provided')
  const context = config.contexts.find(entry => entry.name === name)?.context
  if (context === undefined) throw new KubeconfigError(`context was not found for specified context: ${name}`)
  const cluster = config.clusters.find(entry => entry.name === context.cluster)?.cluster
  if (cluster === undefined) throw new KubeconfigError(`cluster ${JSON.stringify(context.cluster)} does not exist`)
  const user = config.users.find(entry => entry.name === context.user)?.user ?? {}
  if (user['exec'] !== undefined || user['auth-provider'] !== undefined) {
    throw new KubeconfigError(`user "${context.user}" needs a credential plugin, which is not supported`)
  }
  const ca = await textOf(cluster['certificate-authority-data'], cluster['certificate-authority'])
  const cert = await textOf(user['client-certificate-data'], user['client-certificate'])
  const key = await textOf(user['client-key-data'], user['client-key'])
  const token = user.token || (user.tokenFile ? (await read(user.tokenFile)).trim() : undefined)
  return {
    server: (cluster.server ?? 'http://localhost:8080').replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(token === undefined ? {} : { token }),
    ...(cluster['insecure-skip-tls-verify'] === true ? { insecureSkipTLSVerify: true } : {}),
    ...(cluster['tls-server-name'] ? { tlsServerName: cluster['tls-server-name'] } : {}),
    namespace: context.namespace || 'default',
  }
}

async function textOf(data: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (data) return Buffer.from(data, 'base64').toString()
  return path ? read(path) : undefined
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new KubeconfigError(`unable to read "${path}": ${(error as Error).message}`, { cause: error })
  }
}
