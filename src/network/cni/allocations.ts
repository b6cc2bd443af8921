import { readdir, readFile, rm } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import { run } from '#base/process.ts'
import type { PodNetworkOptions } from './plan.ts'
import { planPodNetwork } from './plan.ts'
import { cniFolder } from './pod-network.ts'

interface NetworkConfigList {
  cniVersion: string
  name: string
  plugins: { type: string }[]
}

/** IDs of the sandboxes that addresses of the pod network are kept for. */
export async function addressOwners({ ipamFolder, ...options }: PodNetworkOptions): Promise<string[]> {
  const folder = join(ipamFolder, planPodNetwork({ ipamFolder, ...options }).network)
  const addresses = (await readdir(folder).catch(() => [])).filter(isIPv4)
  const notes = await Promise.all(addresses.map(address => readFile(join(folder, address), 'utf8').catch(() => '')))
  // The plugin writes the container's ID, and below it the name of the interface.
  return [...new Set(notes.map(note => note.split(/\r?\n/)[0]!.trim()).filter(owner => owner !== ''))]
}

/**
 * Gives back what sandboxes have of the pod network that the runtime no longer knows: addresses, host ports, results. Their devices go
 * with their network namespaces, which are the caller's. Idempotent.
 */
export async function releaseAddresses(
  { ids, binFolder, ...options }: PodNetworkOptions & { ids: readonly string[]; binFolder: string },
  signal: AbortSignal,
): Promise<void> {
  const { conflist, network } = planPodNetwork(options)
  const { cniVersion, name, plugins } = JSON.parse(conflist.text) as NetworkConfigList
  for (const id of ids) {
    const env = {
      CNI_COMMAND: 'DEL',
      CNI_CONTAINERID: id,
      CNI_NETNS: '',
      CNI_IFNAME: 'eth0',
      CNI_PATH: binFolder,
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    }
    for (const plugin of plugins.toReversed())
      await run(join(binFolder, plugin.type), [], { signal, env, input: JSON.stringify({ cniVersion, name, ...plugin }) })
    for (const result of [`${network}-${id}-eth0`, `cni-loopback-${id}-lo`]) await rm(join(cniFolder, 'results', result), { force: true })
  }
}
