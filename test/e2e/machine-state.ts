/** What clusters leave on a machine, told apart by cluster: others may run beside the ones of a test. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProcesses } from '#base/find-processes.ts'
import { type ClusterFolder, clusterFolder } from '#cluster/cluster-folder.ts'
import { planPodNetwork } from '#network/cni/index.ts'
import { runProgram } from './cluster.ts'

export interface Traces {
  links: string[]
  routes: string[]
  tables: string[]
  mounts: string[]
  cgroups: string[]
  processes: string[]
  networkResults: string[]
  folders: string[]
}

/** Everything on this machine that belongs to one cluster. */
export async function tracesOf(dataFolder: string): Promise<Traces> {
  const folder = await clusterFolder(dataFolder)
  const { bridge, table, deleteRoutes } = planOf(folder)
  const metric = / metric \d+$/.exec(deleteRoutes[0]!)![0].trim()
  const lines = async (command: string, ...args: string[]) =>
    (await runProgram(command, args)).stdout.split('\n').filter(line => line !== '')
  const isOurs = (text: string) => text.includes(`${folder.data}/`) || text.includes(`${folder.run}/`)
  const [links, routes, tables, mounts, cgroups, pids, networkResults] = await Promise.all([
    lines('ip', '-o', 'link'),
    lines('ip', 'route', 'show', 'table', 'all'),
    lines('nft', 'list', 'tables'),
    readFile('/proc/self/mountinfo', 'utf8'),
    lines('find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', `coxswain-${folder.id}`),
    findProcesses(args => args.some(arg => isOurs(`${arg}/`))),
    resultsOf(folder, table),
  ])
  return {
    links: links.filter(line => line.includes(bridge)),
    routes: routes.filter(line => line.includes(`dev ${bridge} `) || line.includes(metric)),
    tables: tables.filter(line => line.endsWith(` ${table}`)),
    mounts: mounts
      .split('\n')
      .map(line => line.split(' ')[4] ?? '')
      .filter(point => isOurs(`${point}/`)),
    cgroups,
    processes: await Promise.all(pids.map(commandOf)).then(commands => commands.filter(command => command !== '')),
    networkResults,
    folders: [folder.data, folder.run].filter(path => existsSync(path)),
  }
}

export const noTraces: Traces = {
  links: [],
  routes: [],
  tables: [],
  mounts: [],
  cgroups: [],
  processes: [],
  networkResults: [],
  folders: [],
}

export function planOf(folder: ClusterFolder) {
  return planPodNetwork({
    clusterID: folder.id,
    clusterCIDR: '10.0.0.0/16',
    nodeCIDR: '10.0.0.0/24',
    serviceCIDR: '10.1.0.0/16',
    egress: 'none',
    confFolder: folder.cniConf,
    ipamFolder: folder.cniIPAM,
  })
}

/** Results that the CNI library keeps, those of each pod's loopback device too. */
export async function resultsOf(folder: ClusterFolder, network: string): Promise<string[]> {
  const results = '/var/lib/cni/results'
  const names = await readdir(results).catch(() => [])
  const isOurs = async (name: string) =>
    name.startsWith(`${network}-`) || (await readFile(join(results, name), 'utf8').catch(() => '')).includes(`${folder.run}/`)
  const ours = await Promise.all(names.map(isOurs))
  return names.filter((_, index) => ours[index])
}

async function commandOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return line === '' ? '' : `${pid} ${line.replaceAll('\0', ' ').slice(-300)}`
}

/** What no cluster's name stands on: compared before and after where only our clusters could have made it. */
export async function namedNamespaces(): Promise<string> {
  return (await runProgram('ip', ['netns'])).stdout
}
