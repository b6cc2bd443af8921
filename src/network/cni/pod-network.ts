import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProcessError, run } from '#base/process.ts'
import { ipForwardFile } from './machine.ts'
import { isClusterTable, type PodNetworkOptions, type PodNetworkPlan, planPodNetwork } from './plan.ts'
import { listTables, removePortMappings } from './port-mappings.ts'

/** Where the CNI library keeps the results of every network of the machine; no configuration moves it. */
export const cniFolder = '/var/lib/cni'

export interface PodNetworkFolders {
  /** Holds what the machine was like before the first cluster; shared by all clusters of the machine. */
  machineFolder: string
}

/**
 * Makes the pod network: first the guard, so that no packet into the cluster's ranges ever takes the default route, then
 * forwarding, then the configuration that lets the runtime make the bridge. Idempotent; also corrects what an earlier version left.
 */
export async function setUpPodNetwork(options: PodNetworkOptions & PodNetworkFolders, signal: AbortSignal): Promise<PodNetworkPlan> {
  const plan = planPodNetwork(options)
  await noteMachine(options.machineFolder, signal)
  await run('ip', ['-batch', '-'], { signal, input: `${plan.addRoutes.join('\n')}\n` })
  await run('nft', ['-f', '-'], { signal, input: plan.ruleset })
  await writeFile(ipForwardFile, '1')
  await mkdir(options.confFolder, { recursive: true })
  await mkdir(options.ipamFolder, { recursive: true })
  // In place: containerd 1.6 does not notice a file that is moved into the folder. Unchanged, it is left alone.
  const before = await readFile(plan.conflist.path, 'utf8').catch(() => undefined)
  if (before !== plan.conflist.text) await writeFile(plan.conflist.path, plan.conflist.text)
  return plan
}

/** Removes everything that `setUpPodNetwork` and the pods' networks made. The pods are gone before. Idempotent. */
export async function removePodNetwork(options: PodNetworkOptions & PodNetworkFolders, signal: AbortSignal): Promise<void> {
  const plan = planPodNetwork(options)
  await rm(plan.conflist.path, { force: true })
  await ignoring('Cannot find device', run('ip', ['link', 'delete', plan.bridge], { signal }))
  await run('nft', ['-f', '-'], { signal, input: `table ip ${plan.table}\ndelete table ip ${plan.table}\n` })
  for (const line of plan.deleteRoutes) await ignoring('No such process', run('ip', line.split(' '), { signal }))
  // Every cluster has a table from its first moment on.
  if (!(await listTables(signal)).some(isClusterTable)) await restoreMachine(options.machineFolder, signal)
  await rm(options.ipamFolder, { recursive: true, force: true })
  await rmdir(dirname(plan.conflist.path)).catch(() => undefined)
  await removeResults(plan.network)
}

interface MachineBefore {
  ipForward: string
  /** The tables of nftables. */
  tables: string[]
}

/** The first cluster of the machine notes what it found; to the others the machine shows our own doing. */
async function noteMachine(machineFolder: string, signal: AbortSignal): Promise<void> {
  const file = beforeFile(machineFolder)
  if (existsSync(file)) return
  const before: MachineBefore = { ipForward: (await readFile(ipForwardFile, 'utf8')).trim(), tables: await listTables(signal) }
  await mkdir(machineFolder, { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(before))
  await rename(`${file}.new`, file)
}

/** Leaves the machine as the first cluster found it; called by the last one. */
async function restoreMachine(machineFolder: string, signal: AbortSignal): Promise<void> {
  const file = beforeFile(machineFolder)
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return
  const { ipForward, tables } = JSON.parse(text) as MachineBefore
  await removePortMappings(tables, signal)
  if ((await readFile(ipForwardFile, 'utf8')).trim() !== ipForward) await writeFile(ipForwardFile, ipForward)
  await rm(file)
  await rmdir(machineFolder).catch(() => undefined)
}

function beforeFile(machineFolder: string): string {
  return join(machineFolder, 'machine-before.json')
}

async function removeResults(network: string): Promise<void> {
  const results = join(cniFolder, 'results')
  const names = await readdir(results).catch(() => [])
  await Promise.all(names.filter(name => name.startsWith(`${network}-`)).map(name => rm(join(results, name))))
  for (const folder of [results, cniFolder]) await rmdir(folder).catch(() => undefined)
}

async function ignoring(text: string, running: Promise<unknown>): Promise<void> {
  try {
    await running
  } catch (error) {
    if (!(error instanceof ProcessError && error.stderr.includes(text))) throw error
  }
}
