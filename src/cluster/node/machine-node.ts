import type { Node, Taint } from '#api/core/v1/types.gen.ts'
import { isAlreadyExists } from '#apimachinery/status/status.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { kubernetesVersion } from '#base/version.ts'
import type { Client } from '#client/client.ts'
import { linuxHost, startKubelet } from '#kubelet/index.ts'
import { KubeletServer } from '#kubelet/server/server.ts'
import { nodePodCIDR } from '#network/cni/index.ts'
import type { ClusterFolder, ClusterRecord } from '../cluster-folder.ts'
import type { ReservedPort } from '../machine.ts'
import type { Cluster } from '../cluster.ts'
import { cgroupRoot } from './cgroup-root.ts'
import { kubeletAuthorizer } from './kubelet-authorizer.ts'
import type { NodeRuntime } from './node-runtime.ts'

export interface MachineNodeOptions {
  folder: ClusterFolder
  record: ClusterRecord
  /** Given back when the kubelet's server takes it. */
  kubeletPort: ReservedPort
  cluster: Cluster
  runtime: NodeRuntime
  labels?: Readonly<Record<string, string>> | undefined
  taints?: readonly Taint[] | undefined
  clock: Clock
  random: Random
  log: Logger
}

const readyLimitMs = 60_000

/**
 * Makes this machine a node of the cluster: the kubelet and its server. Resolves when the API shows it as Ready. Disposing stops no container.
 * @throws Error when it takes too long
 */
export async function startMachineNode(options: MachineNodeOptions, signal: AbortSignal): Promise<AsyncDisposable> {
  const { folder, record, kubeletPort, cluster, runtime, labels, taints, clock, random, log } = options
  const { nodeName, nodeIP } = record
  const client = cluster.controlPlane.clientOf({ name: `system:node:${nodeName}`, groups: ['system:nodes'] }, 'kubelet')
  await prepareNode(cluster.adminClient, { name: nodeName, podCIDR: nodePodCIDR(record.podCIDR, 0)!, labels, taints }, signal)
  await using stack = new AsyncDisposableStack()
  const kubelet = startKubelet(
    {
      nodeName,
      client,
      runtime: runtime.connection.runtime,
      images: runtime.connection.runtime,
      host: linuxHost({ log, rootDirectory: folder.kubelet, cgroupRoot: cgroupRoot(folder) }),
      clock,
      random,
      log: log.child({ component: 'kubelet' }),
      rootDirectory: folder.kubelet,
      podLogsDirectory: folder.podLogs,
      nodeIPs: [nodeIP],
      version: kubernetesVersion.gitVersion,
      kubeletPort: kubeletPort.port,
    },
    signal,
  )
  stack.use(kubelet)
  const { serving } = await cluster.pki.loadNode(nodeName, [nodeIP])
  const server = new KubeletServer({
    host: kubelet.host,
    tls: { cert: serving.certificate, key: serving.key, clientCA: cluster.certificates.ca },
    authorize: kubeletAuthorizer({ nodeName, client, signal }),
    clock,
    logger: log.child({ component: 'kubelet-server' }),
  })
  stack.use(server)
  await kubeletPort[Symbol.asyncDispose]()
  await server.listen(kubeletPort.port, '0.0.0.0')
  await withinReadyLimit(kubelet.ready, { clock, nodeName })
  return stack.move()
}

async function withinReadyLimit(ready: Promise<void>, { clock, nodeName }: { clock: Clock; nodeName: string }): Promise<void> {
  const expired = Promise.withResolvers<never>()
  const error = new Error(`node ${nodeName} was not Ready within ${readyLimitMs / 1_000} s; the cluster's log tells why`)
  using _timer = clock.after(readyLimitMs, () => expired.reject(error))
  await Promise.race([ready, expired.promise])
}

interface PreparedNode extends Pick<MachineNodeOptions, 'labels' | 'taints'> {
  name: string
  podCIDR: string
}

/** A node may not give itself a role or a range (NodeRestriction), so the object has them before the kubelet registers. */
async function prepareNode(client: Client, { name, podCIDR, labels: more, taints }: PreparedNode, signal: AbortSignal): Promise<void> {
  const labels = { 'node-role.kubernetes.io/control-plane': '', ...more }
  const spec = { podCIDR, podCIDRs: [podCIDR], ...(taints !== undefined && { taints: [...taints] }) }
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec }
  try {
    await client.create(node, signal)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await client.patch({ apiVersion: 'v1', kind: 'Node', name }, { type: 'merge', body: { metadata: { labels }, spec } }, signal)
  }
}
