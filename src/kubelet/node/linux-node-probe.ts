import type { StatsFs } from 'node:fs'
import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import { dirname } from 'node:path'
import type { MachineFacts, NodeProbe, PressureFacts } from './node-probe.ts'

const architectures: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
}
const kibibyte = 1024

/** The machine that we run on. */
export class LinuxNodeProbe implements NodeProbe {
  readonly #rootDirectory: string

  constructor(rootDirectory: string) {
    this.#rootDirectory = rootDirectory
  }

  async machine(): Promise<MachineFacts> {
    const [meminfo, machineID, systemUUID, bootID, release, disk, hugePages] = await Promise.all([
      read('/proc/meminfo'),
      read('/etc/machine-id'),
      read('/sys/class/dmi/id/product_uuid'),
      read('/proc/sys/kernel/random/boot_id'),
      read('/etc/os-release'),
      fileSystemOf(this.#rootDirectory),
      readHugePages(),
    ])
    const id = machineID.trim()
    return {
      cpus: os.availableParallelism(),
      memoryBytes: meminfoBytes(meminfo, 'MemTotal') ?? os.totalmem(),
      ephemeralStorageBytes: disk === undefined ? 0 : disk.blocks * disk.bsize,
      hugePages,
      info: {
        machineID: id,
        systemUUID: systemUUID.trim() || id,
        bootID: bootID.trim(),
        kernelVersion: os.release(),
        osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? 'Unknown',
        operatingSystem: 'linux',
        architecture: architectures[os.arch()] ?? os.arch(),
        swap: { capacity: meminfoBytes(meminfo, 'SwapTotal') ?? 0 },
      },
    }
  }

  async pressure(): Promise<PressureFacts> {
    const [meminfo, disk, pidMax, loadavg] = await Promise.all([
      read('/proc/meminfo'),
      fileSystemOf(this.#rootDirectory),
      read('/proc/sys/kernel/pid_max'),
      read('/proc/loadavg'),
    ])
    const tasks = Number(/\/(\d+) /.exec(loadavg)?.[1] ?? 0)
    return {
      memoryAvailableBytes: meminfoBytes(meminfo, 'MemAvailable') ?? os.freemem(),
      diskAvailableShare: disk === undefined ? 1 : disk.bavail / disk.blocks,
      // Some file systems make inodes as they need them and report none.
      inodesFreeShare: disk === undefined || disk.files === 0 ? 1 : disk.ffree / disk.files,
      pidsAvailable: Number(pidMax.trim() || 32_768) - tasks,
    }
  }
}

/** Of the folder or, before it is made, of the one that it will be in. */
async function fileSystemOf(folder: string): Promise<StatsFs | undefined> {
  for (let path = folder; ; path = dirname(path)) {
    const found = await fs.statfs(path).catch(() => undefined)
    if (found !== undefined || path === dirname(path)) return found
  }
}

async function readHugePages(): Promise<Record<string, number>> {
  const folder = '/sys/kernel/mm/hugepages'
  const pages: Record<string, number> = {}
  for (const name of await fs.readdir(folder).catch(() => [])) {
    const kibibytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0)
    if (kibibytes === 0) continue
    const count = Number((await read(`${folder}/${name}/nr_hugepages`)).trim() || 0)
    pages[sizeName(kibibytes)] = count * kibibytes * kibibyte
  }
  return pages
}

function sizeName(kibibytes: number): string {
  if (kibibytes % (kibibyte * kibibyte) === 0) return `${kibibytes / kibibyte / kibibyte}Gi`
  return kibibytes % kibibyte === 0 ? `${kibibytes / kibibyte}Mi` : `${kibibytes}Ki`
}

function meminfoBytes(meminfo: string, field: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(meminfo)
  return match === null ? undefined : Number(match[1]) * kibibyte
}

async function read(path: string): Promise<string> {
  return fs.readFile(path, 'utf8').catch(() => '')
}
