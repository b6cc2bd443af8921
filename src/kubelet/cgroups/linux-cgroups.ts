import * as fs from 'node:fs'
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

/**
 * Writes the kernel's cgroup files itself; knows version 1, version 2, and machines with both. The calls are synchronous: these files are the
 * kernel's memory, and a pod's dozen of them takes a quarter of a millisecond so, but several when each waits for a thread.
 */
export class LinuxCgroups implements Cgroups {
  readonly #log: Logger
  readonly #root: string
  readonly #mountPoint: string
  #hierarchies: Hierarchy[] | undefined

  constructor({ log, root, mountPoint = '/sys/fs/cgroup' }: LinuxCgroupsOptions) {
    this.#log = log
    this.#root = root
    this.#mountPoint = mountPoint
  }

  async prepare(): Promise<void> {
    for (const hierarchy of this.#find()) {
      for (const level of qosLevels) this.#make(hierarchy, `${this.#root}/kubepods${level}`)
      this.#setShares(hierarchy, `${this.#root}/kubepods/besteffort`, besteffortShares)
    }
  }

  parentOf(uid: string, qos: QOSClass): string {
    return podCgroupPath(this.#root, uid, qos)
  }

  async ensurePod(uid: string, qos: QOSClass, resources: PodCgroupResources): Promise<void> {
    const path = podCgroupPath(this.#root, uid, qos)
    for (const hierarchy of this.#find()) {
      this.#make(hierarchy, path)
      this.#limit(hierarchy, path, resources)
    }
  }

  async removePod(uid: string, qos: QOSClass): Promise<void> {
    const path = podCgroupPath(this.#root, uid, qos)
    for (const folder of this.#everyTree()) removeTree(join(folder, path))
  }

  async podUIDs(): Promise<string[]> {
    const uids = new Set<string>()
    for (const folder of this.#everyTree()) {
      for (const level of qosLevels) {
        for (const name of namesIn(join(folder, this.#root, `kubepods${level}`))) if (name.startsWith('pod')) uids.add(name.slice(3))
      }
    }
    return [...uids]
  }

  #find(): Hierarchy[] {
    this.#hierarchies ??= findHierarchies(this.#mountPoint)
    return this.#hierarchies
  }

  /** The runtime makes a pod's cgroup in every mounted hierarchy, also where we set no limit: in hybrid mode in that of version 2. */
  #everyTree(): Set<string> {
    const names = namesIn(this.#mountPoint)
    if (names.includes('cgroup.controllers')) return new Set([this.#mountPoint])
    const roots = names.map(name => join(this.#mountPoint, name)).filter(folder => fs.existsSync(join(folder, 'cgroup.procs')))
    return new Set(roots.map(folder => fs.realpathSync(folder)))
  }

  #make(hierarchy: Hierarchy, path: string): void {
    const { folder } = hierarchy
    if (hierarchy.version === 1 && hierarchy.controller !== 'cpuset') {
      fs.mkdirSync(join(folder, path), { recursive: true })
      return
    }
    let current = folder
    for (const part of path.split('/').filter(each => each !== '')) {
      const parent = current
      current = join(current, part)
      if (hierarchy.version === 2) this.#delegate(parent)
      fs.mkdirSync(current, { recursive: true })
      // A cpuset of version 1 takes no process until it was told its CPUs and memory.
      if (hierarchy.version === 1) inheritCPUSet(parent, current)
    }
  }

  #delegate(folder: string): void {
    const available = read(join(folder, 'cgroup.controllers'))
    const enabled = read(join(folder, 'cgroup.subtree_control'))
    const missing = v2Controllers.filter(name => available.split(/\s+/).includes(name) && !enabled.split(/\s+/).includes(name))
    // One at a time: one that is refused must not keep the others away.
    for (const name of missing) this.#write(join(folder, 'cgroup.subtree_control'), `+${name}`)
  }

  #limit(hierarchy: Hierarchy, path: string, resources: PodCgroupResources): void {
    const { cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = resources
    const folder = join(hierarchy.folder, path)
    this.#setShares(hierarchy, path, resources.cpuShares)
    if (hierarchy.version === 2) {
      this.#write(join(folder, 'cpu.max'), `${cpuQuotaUs > 0 ? cpuQuotaUs : 'max'} ${cpuPeriodUs}`)
      this.#write(join(folder, 'memory.max'), memoryLimitBytes > 0 ? String(memoryLimitBytes) : 'max')
      return
    }
    if (hierarchy.controller === 'cpu') {
      this.#write(join(folder, 'cpu.cfs_period_us'), String(cpuPeriodUs))
      this.#write(join(folder, 'cpu.cfs_quota_us'), String(cpuQuotaUs > 0 ? cpuQuotaUs : -1))
    }
    if (hierarchy.controller === 'memory' && memoryLimitBytes > 0)
      this.#write(join(folder, 'memory.limit_in_bytes'), String(memoryLimitBytes))
  }

  #setShares(hierarchy: Hierarchy, path: string, shares: number): void {
    const folder = join(hierarchy.folder, path)
    if (hierarchy.version === 2) this.#write(join(folder, 'cpu.weight'), String(weightOf(shares)))
    else if (hierarchy.controller === 'cpu') this.#write(join(folder, 'cpu.shares'), String(shares))
  }

  /** A controller may be absent or not delegated to us: the pod runs without that limit, and the log says so. */
  #write(path: string, value: string): void {
    try {
      fs.writeFileSync(path, value)
    } catch (error) {
      this.#log.debug('cgroup value not set', { path, value, error })
    }
  }
}

/** Shares 2…262144 become weights 1…10000 (KEP-2254's table). */
function weightOf(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142)
}

function findHierarchies(mountPoint: string): Hierarchy[] {
  const names = namesIn(mountPoint)
  if (names.includes('cgroup.controllers')) return [{ version: 2, folder: mountPoint }]
  // Two controllers may be one hierarchy, with a symbolic link for each.
  const folders = new Map<string, Hierarchy>()
  for (const controller of v1Controllers.filter(name => names.includes(name))) {
    const folder = fs.realpathSync(join(mountPoint, controller))
    if (!folders.has(folder) && read(join(folder, 'cgroup.procs')) !== '') folders.set(folder, { version: 1, controller, folder })
  }
  return [...folders.values()]
}

function inheritCPUSet(parent: string, folder: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (read(join(folder, name)).trim() === '') fs.writeFileSync(join(folder, name), read(join(parent, name)))
  }
}

/** Depth first: the kernel removes only cgroups without children. */
function removeTree(folder: string): void {
  if (!fs.existsSync(folder)) return
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeTree(join(folder, entry.name))
  fs.rmdirSync(folder)
}

function namesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : []
}

function read(path: string): string {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
