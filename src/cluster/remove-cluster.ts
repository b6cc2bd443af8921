import { rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { KubeconfigError, removeFromKubeconfigFile } from '#client/kubeconfig/kubeconfig-file.ts'
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
  /** For people: what could not be tidied up. */
  onNotice: (text: string) => void
}

/**
 * Removes everything that a stopped cluster has made on this machine: Pods, containerd with its mounts, the pod network, cgroups, the
 * kubeconfig contexts and the data. May be called again after it was interrupted.
 */
export async function removeCluster({ folder, record, clock, log, onNotice }: RemoveClusterOptions, signal: AbortSignal): Promise<void> {
  const containerd = { ...containerdFolders(folder), clock, network: sandboxNetwork(folder, record) }
  const cni = { binFolder: cniPluginFolder(), confFolder: folder.cniConf }
  {
    // Let go of before containerd is ended: what waits to tidy up in it must not find it gone.
    using handle = await ensureContainerd({ ...containerd, logger: log, sandboxImage: sandboxImageName, cni }, signal)
    using connection = connectRuntime({ socketPath: handle.socketPath, clock })
    await removeAllPods(connection.runtime, signal)
  }
  await removeContainerd(containerd, signal)
  await removePodNetwork(podNetworkOptions(folder, record), signal)
  await removeCgroups(folder)
  await unmountBelow([folder.kubelet], signal)
  for (const path of record.kubeconfigs) await forgetContext(path, contextName(folder), onNotice)
  await rm(folder.run, { recursive: true, force: true })
  await removeData(folder)
  for (const shared of [machineFolder, dirname(folder.run)]) await rmdir(shared).catch(() => undefined)
}

/** A file that somebody has broken since must not keep the cluster from going. */
async function forgetContext(path: string, name: string, onNotice: (text: string) => void): Promise<void> {
  try {
    await removeFromKubeconfigFile(path, name)
  } catch (error) {
    if (!(error instanceof KubeconfigError)) throw error
    onNotice(`the context "${name}" may still be in a kubeconfig: ${error.message}`)
  }
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
