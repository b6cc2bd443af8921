import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { useAll } from '#base/use-all.ts'
import type { Cluster } from '../cluster.ts'
import { clusterFolder, type ClusterRecord, writeClusterRecord } from '../cluster-folder.ts'
import { lockServer } from '../cluster-locks.ts'
import { openImageSource } from '../images/image-source.ts'
import { realReach } from '../images/registry-reachable.ts'
import type { MachineNodeGroup } from '../node-group.ts'
import { missingPackages } from '../packages.ts'
import { removeCluster } from '../remove-cluster.ts'
import { chooseForMachine, lockChoices } from './machine-choices.ts'
import { startMachineNode } from './machine-node.ts'
import { NodeRuntime } from './node-runtime.ts'
import { requireMachine } from './require-machine.ts'

export interface JoinMachineOptions {
  cluster: Cluster
  group: MachineNodeGroup
  /** How many such nodes there are already. */
  machineCount: number
  serviceCIDR: string
  clock: Clock
  random: Random
  log: Logger
}

/**
 * Makes this machine a node of a cluster that is in memory: all of the node is in a new folder, and disposing removes it with everything that
 * was made on the machine. What a process that was killed leaves, `cox down --delete --data-dir` removes.
 * @throws Error when this machine cannot be a node
 */
export async function joinMachine(options: JoinMachineOptions): Promise<AsyncDisposable> {
  const { cluster, group, serviceCIDR, clock, random, log } = options
  requireMachine({
    count: options.machineCount + group.count,
    isVirtual: cluster.clock.isVirtual,
    platform: process.platform,
    isRoot: process.getuid?.() === 0,
    missingPackages: missingPackages(),
  })
  const { signal } = new AbortController()
  const folder = await clusterFolder(await mkdtemp(join(tmpdir(), 'coxswain-')))
  await using stack = new AsyncDisposableStack()
  // Nothing that could not be removed in order is removed by force: there may be mounts in it.
  stack.defer(() => rmdir(folder.data).catch(() => {}))
  stack.use(await lockServer(folder))
  using choosing = await lockChoices(clock)
  const { kubeletPort, ...chosen } = await chooseForMachine({ folder, nodeName: group.name }, signal)
  stack.use(kubeletPort)
  const apiPort = Number(new URL(cluster.url).port)
  const record: ClusterRecord = { ...chosen, apiPort, kubeletPort: kubeletPort.port, serviceCIDR, kubeconfigs: [] }
  await writeClusterRecord(folder, record)
  const onNotice = (text: string) => log.warn(text)
  stack.defer(() => removeCluster({ folder, record, clock, log, onNotice }, signal))

  const onStep = (what: string) => log.info(what)
  const egress = group.offline === true ? 'none' : 'masquerade'
  const starting = NodeRuntime.start({ folder, record, egress, clock, log, onStep }, signal)
  const visible = starting.finally(() => choosing[Symbol.dispose]())
  const images = openImageSource({ offline: group.offline === true, reach: realReach, clock, log, onNotice }, signal)
  const [source, runtime] = await useAll(stack, [images, visible])
  await runtime.setMirror(source.mirrorURL)
  const { labels, taints } = group
  stack.use(await startMachineNode({ folder, record, kubeletPort, cluster, runtime, labels, taints, clock, random, log }, signal))
  return stack.move()
}
