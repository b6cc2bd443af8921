import { rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { removeFromKubeconfigFile } from '#client/kubeconfig/kubeconfig-file.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import { removePodNetwork } from '#network/cni/index.ts'
import { type ClusterFolder, type ClusterRecord, contextName, removeClusterRecord } from './cluster-folder.ts'
import { ensureContainerd, removeAllPods, removeContainerd } from './containerd/index.ts'
import { unmountBelow } from './containerd/mounts.ts'
import { cniPluginFolder } from './machine.ts'
import { removeCgroups } from './node/cgroup-root.ts'
import { containerdFolders, machineFolder, podNetworkOptions, sandboxNetwork } from './node/node-runtime.ts'
import { sandboxImageName } from './sandbox-image/index.ts'

export interface RemoveClusterOptions {
  folder: ClusterFolder
  record: ClusterRecord
  clock: Clock
  log: Logger
}

/**
 * Removes everything that a stopped cluster has made on this machine: Pods, containerd with its mounts, the pod network, cgroups, the
 * kubeconfig contexts and the data. May be called again after it was interrupted.
 */
export async function removeCluster({ folder, record, clock, log }: RemoveClusterOptions, signal: AbortSignal): Promise<void> {
  const folders = containerdFolders(folder)
  const cni = { binFolder: cniPluginFolder(), confFolder: folder.cniConf }
  const network = sandboxNetwork(folder, record)
  using handle = await ensureContainerd({ ...folders, clock, logger: log, sandboxImage: sandboxImageName, cni, network }, signal)
  using connection = connectRuntime({ socketPath: handle.socketPath, clock })
  await removeAllPods(connection.runtime, signal)
  await removeContainerd({ ...folders, clock, network }, signal)
  await removePodNetwork(podNetworkOptions(folder, record), signal)
  await removeCgroups(folder)
  await unmountBelow([folder.kubelet], signal)
  for (const path of record.kubeconfigs) await removeFromKubeconfigFile(path, contextName(folder))
  await rm(folder.run, { recursive: true, force: true })
  await removeData(folder)
  for (const shared of [machineFolder, dirname(folder.run)]) await rmdir(shared).catch(() => undefined)
}

/** The record goes last: as long as it is there, an interrupted removal can be repeated. What others put into the folder stays. */
async function removeData(folder: ClusterFolder): Promise<void> {
  const { data, pki, storage, containerd, kubelet, log, adminKubeconfig } = folder
  for (const path of [pki, storage, containerd, kubelet, join(data, 'logs'), join(data, 'cni'), log, adminKubeconfig])
    await rm(path, { recursive: true, force: true })
  await removeClusterRecord(folder)
  await rmdir(data).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}
