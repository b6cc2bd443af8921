import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Connection, emptyKubeconfig, isEmptyKubeconfig, type Kubeconfig, withConnection, withoutConnection } from './kubeconfig.ts'

/** A kubeconfig file is not one, or does not say what is asked of it. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError'
}

/** Undefined when there is no such file. @throws KubeconfigError when it is no kubeconfig */
export async function readKubeconfig(path: string): Promise<Kubeconfig | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new KubeconfigError(`cannot read kubeconfig "${path}": ${(error as Error).message}`, { cause: error })
  }
  return parseKubeconfig(text, path)
}

/** @param path for messages */
export async function parseKubeconfig(text: string, path: string): Promise<Kubeconfig> {
  const yaml = await import('js-yaml')
  let value: unknown
  try {
    value = text.trim() === '' ? {} : yaml.load(text)
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error
    const line = error.mark === undefined ? '' : `line ${error.mark.line + 1}: `
    throw new KubeconfigError(`cannot parse kubeconfig "${path}": yaml: ${line}${error.reason}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new KubeconfigError(`"${path}" is no kubeconfig`)
  const config = { ...emptyKubeconfig(), ...value }
  for (const list of ['clusters', 'contexts', 'users'] as const) {
    // client-go writes `null` for an empty list.
    config[list] ??= []
    if (!Array.isArray(config[list])) throw new KubeconfigError(`"${path}" is no kubeconfig: ${list} is no list`)
  }
  config['current-context'] ??= ''
  return config
}

export async function formatKubeconfig(config: Kubeconfig): Promise<string> {
  const yaml = await import('js-yaml')
  return yaml.dump(config, { lineWidth: -1 })
}

/**
 * Adds or replaces a connection in a kubeconfig file and makes it current; everything else stays, fields that we do not know too (comments
 * do not). The file is made when it is missing, with mode 0600, and changes as a whole or not at all.
 */
export async function mergeIntoKubeconfigFile(path: string, connection: Connection): Promise<void> {
  const config = (await readKubeconfig(path)) ?? emptyKubeconfig()
  await writeKubeconfig(path, withConnection(config, connection))
}

/** Takes a connection out again. A file that holds nothing else is removed. */
export async function removeFromKubeconfigFile(path: string, name: string): Promise<void> {
  const config = await readKubeconfig(path)
  if (config === undefined || !config.contexts.some(entry => entry.name === name)) return
  const rest = withoutConnection(config, name)
  if (isEmptyKubeconfig(rest)) await rm(await targetOf(path), { force: true })
  else await writeKubeconfig(path, rest)
}

/** Writes a file of its own, mode 0600, as a whole or not at all. */
export async function writeKubeconfig(path: string, config: Kubeconfig): Promise<void> {
  const text = await formatKubeconfig(config)
  const target = await targetOf(path)
  await mkdir(dirname(target), { recursive: true })
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    const owner = await ownerOf(target)
    if (owner !== undefined) await file.chown(owner.uid, owner.gid)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, target)
}

/** A link stays a link: what it points to is replaced. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return resolve(path)
  }
}

/** `sudo cox up` must not take a user's own kubeconfig away from them. */
async function ownerOf(path: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    return await stat(path)
  } catch {
    return undefined
  }
}
