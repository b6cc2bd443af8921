import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import type { QOSClass } from '#api/core/v1/qos.ts'
import type { Logger } from '#base/log.ts'
import { type Cgroups, type PodCgroupResources, podCgroupPath } from './cgroups.ts'

export interface LinuxCgroupsOptions {
  log: Logger
  /** Where our tree begins, from the hierarchy's root: '' or `/name`. */
  root: string
  mountPoint?: string
}

const v1Controllers = [
  'cpu',
  'cpuacct',
  'cpuset',
  'memory',
  'devices',
  'freezer',
  'blkio',
  'pids',
  'hugetlb',
  'net_cls',
  'net_prio',
  'perf_event',
  'systemd',
]
const v2Controllers = ['cpuset', 'cpu', 'io', 'memory', 'hugetlb', 'pids']
const qosLevels = ['', '/besteffort', '/burstable']
const besteffortShares = 2

type Hierarchy = { version: 1; controller: string; folder: string } | { version: 2; folder: string }

/** Writes the kernel's cgroup files itself; knows version 1, version 2, and machines with both. */
export class LinuxCgroups implements Cgroups {
  readonly #log: Logger
  readonly #root: string
  readonly #mountPoint: string
  #hierarchies: Promise<Hierarchy[]> | undefined

  constructor({ log, root, mountPoint = '/sys/fs/cgroup' }: LinuxCgroupsOptions) {
    this.#log = log
    this.#root = root
    this.#mountPoint = mountPoint
  }

  async prepare(): Promise<void> {
    const hierarchies = await this.#find()
    await Promise.all(
      hierarchies.map(async hierarchy => {
        for (const level of qosLevels) await this.#make(hierarchy, `${this.#root}/kubepods${level}`)
        await this.#setShares(hierarchy, `${this.#root}/kubepods/besteffort`, besteffortShares)
      }),
    )
  }

  parentOf(uid: string, qos: QOSClass): string {
    return podCgroupPath(this.#root, uid, qos)
  }

  async ensurePod(uid: string, qos: QOSClass, resources: PodCgroupResources): Promise<void> {
    const path = podCgroupPath(this.#root, uid, qos)
    await Promise.all(
      (await this.#find()).map(async hierarchy => {
        await this.#make(hierarchy, path)
        await this.#limit(hierarchy, path, resources)
      }),
    )
  }

  async removePod(uid: string, qos: QOSClass): Promise<void> {
    const path = podCgroupPath(this.#root, uid, qos)
    await Promise.all((await this.#find()).map(({ folder }) => removeTree(join(folder, path))))
  }

  async podUIDs(): Promise<string[]> {
    const uids = new Set<string>()
    for (const { folder } of await this.#find()) {
      for (const level of qosLevels) {
        for (const name of await namesIn(join(folder, this.#root, `kubepods${level}`))) if (name.startsWith('pod')) uids.add(name.slice(3))
      }
    }
    return [...uids]
  }

  #find(): Promise<Hierarchy[]> {
    this.#hierarchies ??= findHierarchies(this.#mountPoint)
    return this.#hierarchies
  }

  async #make(hierarchy: Hierarchy, path: string): Promise<void> {
    const { folder } = hierarchy
    if (hierarchy.version === 1 && hierarchy.controller !== 'cpuset') {
      await fs.mkdir(join(folder, path), { recursive: true })
      return
    }
    let current = folder
    for (const part of path.split('/').filter(each => each !== '')) {
      const parent = current
      current = join(current, part)
      if (hierarchy.version === 2) await this.#delegate(parent)
      await fs.mkdir(current).catch(ignoreExisting)
      // A cpuset of version 1 takes no process until it was told its CPUs and memory.
      if (hierarchy.version === 1) await inheritCPUSet(parent, current)
    }
  }

  async #delegate(folder: string): Promise<void> {
    const [available, enabled] = await Promise.all([read(join(folder, 'cgroup.controllers')), read(join(folder, 'cgroup.subtree_control'))])
    const missing = v2Controllers.filter(name => available.split(/\s+/).includes(name) && !enabled.split(/\s+/).includes(name))
    // One at a time: one that is refused must not keep the others away.
    for (const name of missing) await this.#write(join(folder, 'cgroup.subtree_control'), `+${name}`)
  }

  async #limit(hierarchy: Hierarchy, path: string, resources: PodCgroupResources): Promise<void> {
    const { cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = resources
    const folder = join(hierarchy.folder, path)
    await this.#setShares(hierarchy, path, resources.cpuShares)
    if (hierarchy.version === 2) {
      await this.#write(join(folder, 'cpu.max'), `${cpuQuotaUs > 0 ? cpuQuotaUs : 'max'} ${cpuPeriodUs}`)
      await this.#write(join(folder, 'memory.max'), memoryLimitBytes > 0 ? String(memoryLimitBytes) : 'max')
      return
    }
    if (hierarchy.controller === 'cpu') {
      await this.#write(join(folder, 'cpu.cfs_period_us'), String(cpuPeriodUs))
      await this.#write(join(folder, 'cpu.cfs_quota_us'), String(cpuQuotaUs > 0 ? cpuQuotaUs : -1))
    }
    if (hierarchy.controller === 'memory' && memoryLimitBytes > 0)
      await this.#write(join(folder, 'memory.limit_in_bytes'), String(memoryLimitBytes))
  }

  async #setShares(hierarchy: Hierarchy, path: string, shares: number): Promise<void> {
    const folder = join(hierarchy.folder, path)
    if (hierarchy.version === 2) await this.#write(join(folder, 'cpu.weight'), String(weightOf(shares)))
    else if (hierarchy.controller === 'cpu') await this.#write(join(folder, 'cpu.shares'), String(shares))
  }

  /** A controller may be absent or not delegated to us: the pod runs without that limit, and the log says so. */
  async #write(path: string, value: string): Promise<void> {
    try {
      await fs.writeFile(path, value)
    } catch (error) {
      this.#log.debug('cgroup value not set', { path, value, error })
    }
  }
}

/** Shares 2…262144 become weights 1…10000 (KEP-2254's table). */
function weightOf(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142)
}

async function findHierarchies(mountPoint: string): Promise<Hierarchy[]> {
  const names = await namesIn(mountPoint)
  if (names.includes('cgroup.controllers')) return [{ version: 2, folder: mountPoint }]
  // Two controllers may be one hierarchy, with a symbolic link for each.
  const folders = new Map<string, Hierarchy>()
  for (const controller of v1Controllers.filter(name => names.includes(name))) {
    const folder = await fs.realpath(join(mountPoint, controller))
    if (!folders.has(folder) && (await read(join(folder, 'cgroup.procs'))) !== '') folders.set(folder, { version: 1, controller, folder })
  }
  return [...folders.values()]
}

async function inheritCPUSet(parent: string, folder: string): Promise<void> {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if ((await read(join(folder, name))).trim() === '') await fs.writeFile(join(folder, name), await read(join(parent, name)))
  }
}

/** Depth first: the kernel removes only cgroups without children. */
async function removeTree(folder: string): Promise<void> {
  for (const entry of await fs.readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeTree(join(folder, entry.name))
  }
  await fs.rmdir(folder).catch(error => {
    if (error.code !== 'ENOENT') throw error
  })
}

async function namesIn(folder: string): Promise<string[]> {
  return fs.readdir(folder).catch(() => [])
}

async function read(path: string): Promise<string> {
  return fs.readFile(path, 'utf8').catch(() => '')
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
