import { type ClusterFolder, contextName, readClusterRecord, writeClusterRecord } from '#cluster/cluster-folder.ts'
import { requireKeptChoices } from '#cluster/kept-choices.ts'
import { mergeIntoKubeconfigFile } from '#client/kubeconfig/kubeconfig-file.ts'
import { clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import type { ServerFlags } from './server.ts'

/**
 * `cox up` of a cluster that runs: its context is merged into the kubeconfig as at a start, and `cox down --delete` will take it out again.
 * @throws Error for flags that would change what runs
 */
export async function joinRunning({
  folder,
  kubeconfig,
  flags,
}: {
  folder: ClusterFolder
  kubeconfig: string
  flags: ServerFlags
}): Promise<void> {
  const record = await readClusterRecord(folder)
  if (record === undefined) throw new Error(`the cluster in "${folder.data}" runs, but its record is gone; stop it with "cox down"`)
  requireKeptChoices(folder, record, {
    podCIDR: flags['pod-cidr'],
    serviceCIDR: flags['service-cidr'],
    nodeName: flags['node-name'],
    apiPort: flags['api-port'],
  })
  // The file is named before the context is in it: an interrupted merge leaves nothing that nobody removes.
  if (!record.kubeconfigs.includes(kubeconfig))
    await writeClusterRecord(folder, { ...record, kubeconfigs: [...record.kubeconfigs, kubeconfig] })
  const { server, ca = '', cert = '', key = '' } = await clientConfigOf(await loadKubeconfig([folder.adminKubeconfig]))
  await mergeIntoKubeconfigFile(kubeconfig, { name: contextName(folder), server, ca, credentials: { certificate: cert, key } })
}
