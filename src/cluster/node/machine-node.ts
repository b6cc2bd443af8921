import type { Node } from '#api/core/v1/types.gen.ts'
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
  clock: Clock
  random: Random
  log: Logger
}

/** This machine as a node of the cluster: the kubelet and its server. Disposing it stops no container. */
export interface MachineNode extends AsyncDisposable {
  /** Resolves when the API shows the node as Ready. */
  ready: Promise<void>
}

export async function startMachineNode(
  { folder, record, kubeletPort, cluster, runtime, clock, random, log }: MachineNodeOptions,
  signal: AbortSignal,
): Promise<MachineNode> {
  const { nodeName, nodeIP } = record
  const client = cluster.controlPlane.clientOf({ name: `system:node:${nodeName}`, groups: ['system:nodes'] }, 'kubelet')
  await prepareNode(cluster.adminClient, { name: nodeName, podCIDR: nodePodCIDR(record.podCIDR, 0)! }, signal)
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
  const owned = stack.move()
  return { ready: kubelet.ready, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** A node may not give itself a role or a range (NodeRestriction), so the object has them before the kubelet registers. */
async function prepareNode(client: Client, { name, podCIDR }: { name: string; podCIDR: string }, signal: AbortSignal): Promise<void> {
  const labels = { 'node-role.kubernetes.io/control-plane': '' }
  const spec = { podCIDR, podCIDRs: [podCIDR] }
  const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec }
  try {
    await client.create(node, signal)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await client.patch({ apiVersion: 'v1', kind: 'Node', name }, { type: 'merge', body: { metadata: { labels }, spec } }, signal)
  }
}
