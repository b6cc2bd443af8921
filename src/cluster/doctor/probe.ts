import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { findProgram, run } from '#base/process.ts'
import { choosePodCIDR, readResolvers, readRoutes, type Route } from '#network/cni/index.ts'
import { hasSysResource } from '../containerd/machine.ts'
import { missingPackages } from '../packages.ts'
import type { MachineFacts } from './facts.ts'

export interface ProbeOptions {
  dataFolder: string
  /** Ports that the program would listen on. */
  ports: readonly number[]
  /** Range of pods as the user wants it. */
  podCIDR?: string
  /** Routes of an existing cluster of the same data folder. */
  isOwnRoute?: (route: Route) => boolean
}

/** Looks at the machine, and changes nothing. */
export async function probeMachine(options: ProbeOptions, signal: AbortSignal): Promise<MachineFacts> {
  const [containerd, runc, nft, portsInUse, podCIDR, disk] = await Promise.all([
    programVersion('containerd', signal),
    programVersion('runc', signal),
    programVersion('nft', signal),
    Promise.all(options.ports.map(isPortInUse)),
    probePodCIDR(options, signal),
    probeDisk(options.dataFolder),
  ])
  const memory = readText('/proc/meminfo')
  const mounts = readText('/proc/self/mounts')
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.version,
    isRoot: process.getuid?.() === 0,
    kernel: release(),
    ...parseCgroups(mounts, readText('/sys/fs/cgroup/cgroup.controllers')),
    containerd,
    runc,
    nft,
    missingPackages: missingPackages(),
    overlayfs: /\boverlay$/m.test(readText('/proc/filesystems')) || isModule('overlay'),
    userNamespacesMax: readNumber('/proc/sys/user/max_user_namespaces'),
    canLowerOOMScore: hasSysResource(readText('/proc/self/status')),
    ipForward: readFlag('/proc/sys/net/ipv4/ip_forward'),
    bridgeCallsIptables: readFlag('/proc/sys/net/bridge/bridge-nf-call-iptables'),
    memoryBytes: meminfoBytes(memory, 'MemTotal'),
    swapBytes: meminfoBytes(memory, 'SwapTotal'),
    disk,
    portsInUse: options.ports.filter((_, index) => portsInUse[index]),
    podCIDR,
  }
}

/** Which cgroups are mounted, from /proc/self/mounts; the controllers of v2 stand in a file of their own. */
export function parseCgroups(mounts: string, controllers2: string): Pick<MachineFacts, 'cgroup' | 'cgroupControllers'> {
  const lines = mounts.split('\n').map(line => line.split(' '))
  const isUnified = lines.some(([, point, type]) => point === '/sys/fs/cgroup' && type === 'cgroup2')
  if (isUnified) return { cgroup: 'v2', cgroupControllers: controllers2.trim().split(' ').filter(Boolean) }
  const known = new Set([
    'blkio',
    'cpu',
    'cpuacct',
    'cpuset',
    'devices',
    'freezer',
    'hugetlb',
    'memory',
    'net_cls',
    'net_prio',
    'perf_event',
    'pids',
  ])
  const v1 = lines.filter(([, , type]) => type === 'cgroup')
  const cgroupControllers = v1.flatMap(([, , , options = '']) => options.split(',').filter(option => known.has(option)))
  const hasV2 = lines.some(([, , type]) => type === 'cgroup2')
  return { cgroup: v1.length === 0 ? undefined : hasV2 ? 'hybrid' : 'v1', cgroupControllers }
}

/** A line of /proc/meminfo in bytes; 0 when it is missing. */
export function meminfoBytes(meminfo: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)?.[1] ?? 0) * 1024
}

async function programVersion(name: string, signal: AbortSignal): Promise<string | undefined> {
  if (findProgram(name) === undefined) return undefined
  return /\d+\.\d+(\.\d+)?/.exec(await run(name, ['--version'], { signal }))?.[0]
}

function isPortInUse(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(true))
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(false)))
  })
}

async function probePodCIDR(options: ProbeOptions, signal: AbortSignal): Promise<MachineFacts['podCIDR']> {
  if (findProgram('ip') === undefined) return { problem: 'install iproute2: routes cannot be read without' }
  const [routes, avoid] = await Promise.all([readRoutes(signal), readResolvers()])
  try {
    const { podCIDR, isOwnRoute } = options
    return {
      chosen: choosePodCIDR({
        routes,
        avoid,
        ...(podCIDR !== undefined && { wanted: podCIDR }),
        ...(isOwnRoute !== undefined && { isOwn: isOwnRoute }),
      }),
    }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

async function probeDisk(dataFolder: string): Promise<MachineFacts['disk']> {
  let folder = dataFolder
  while (!existsSync(folder)) folder = dirname(folder)
  const { bsize, bavail, blocks } = await statfs(folder)
  return { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize }
}

function isModule(name: string): boolean {
  const folder = `/lib/modules/${release()}/kernel/fs`
  return existsSync(`${folder}/${name}fs`) || (existsSync(folder) && readdirSync(folder).includes(name))
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

function readNumber(path: string): number | undefined {
  const text = readText(path).trim()
  return text === '' ? undefined : Number(text)
}

function readFlag(path: string): boolean | undefined {
  const value = readNumber(path)
  return value === undefined ? undefined : value === 1
}
