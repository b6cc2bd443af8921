import { createHash } from 'node:crypto'
import { mkdir, open, readFile, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/** Where one cluster keeps its things. Everything follows from the data folder, so that `cox down` needs nothing else. */
export interface ClusterFolder {
  /** Tells clusters on one machine apart: eight characters made from the data folder's path. */
  id: string
  data: string
  /** Sockets and process files: gone after a reboot, and short, because socket paths are. */
  run: string
  pki: string
  storage: string
  containerd: string
  kubelet: string
  podLogs: string
  cniConf: string
  cniIPAM: string
  log: string
  adminKubeconfig: string
  controlSocket: string
}

export async function clusterFolder(dataDirectory: string): Promise<ClusterFolder> {
  const data = await realPathOf(resolve(dataDirectory))
  const id = createHash('sha256').update(data).digest('hex').slice(0, 8)
  const run = join('/run/coxswain', id)
  return {
    id,
    data,
    run,
    pki: join(data, 'pki'),
    storage: join(data, 'storage'),
    containerd: join(data, 'containerd'),
    kubelet: join(data, 'kubelet'),
    podLogs: join(data, 'logs/pods'),
    cniConf: join(data, 'cni/net.d'),
    cniIPAM: join(data, 'cni/ipam'),
    log: join(data, 'cox.log'),
    adminKubeconfig: join(data, 'admin.conf'),
    controlSocket: join(run, 'control.sock'),
  }
}

/** The path without symbolic links, whether or not its end is there already: a folder must not change its name by being made. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(await realPathOf(parent), basename(path))
  }
}

/** What was decided at the first start and must stay: kept in `cluster.json`. */
export interface ClusterRecord {
  apiPort: number
  kubeletPort: number
  nodeName: string
  /** Range of all pods. */
  podCIDR: string
  serviceCIDR: string
  /** Address of the node, as it was at the last start. */
  nodeIP: string
  /** Kubeconfig files that a context was merged into. */
  kubeconfigs: string[]
}

/** The record; undefined when there is no cluster. @throws Error when it cannot be read, or is damaged */
export async function readClusterRecord(folder: ClusterFolder): Promise<ClusterRecord | undefined> {
  const path = recordPath(folder)
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  try {
    return parseRecord(text)
  } catch (cause) {
    throw new Error(`the record of the cluster in "${path}" is damaged`, { cause })
  }
}

function parseRecord(text: string): ClusterRecord {
  const record = JSON.parse(text) as ClusterRecord
  const isWhole =
    [record.apiPort, record.kubeletPort].every(Number.isInteger) &&
    [record.nodeName, record.podCIDR, record.serviceCIDR, record.nodeIP].every(value => typeof value === 'string') &&
    Array.isArray(record.kubeconfigs)
  if (!isWhole) throw new Error('a field is missing')
  return record
}

/** The text of a file; undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new Error(`cannot read "${path}"`, { cause: error })
  }
}

/** Makes the data folder, for root alone. @throws Error that says what is in the way */
export async function makeDataFolder({ data }: ClusterFolder): Promise<void> {
  try {
    await mkdir(data, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const isFile = code === 'EEXIST' || code === 'ENOTDIR'
    throw new Error(`cannot make the data folder "${data}"${isFile ? ': a file is in the way' : ''}`, { cause: isFile ? undefined : cause })
  }
}

/** Durable when it resolves: a crash leaves the record of before or this one. */
export async function writeClusterRecord(folder: ClusterFolder, record: ClusterRecord): Promise<void> {
  await makeDataFolder(folder)
  const path = recordPath(folder)
  await using file = await open(`${path}.new`, 'w', 0o600)
  await file.writeFile(`${JSON.stringify(record, null, 2)}\n`)
  await file.sync()
  await rename(`${path}.new`, path)
  await using directory = await open(folder.data)
  await directory.sync()
}

const recordPath = ({ data }: ClusterFolder) => join(data, 'cluster.json')

export async function removeClusterRecord({ data }: ClusterFolder): Promise<void> {
  for (const name of ['cluster.json.new', 'cluster.json']) await rm(join(data, name), { force: true })
}

/** Name of the cluster's context in kubeconfig files: `coxswain` for the usual folder, with the cluster's id for others. */
export function contextName({ data, id }: ClusterFolder): string {
  return data === '/var/lib/coxswain' ? 'coxswain' : `coxswain-${id}`
}
