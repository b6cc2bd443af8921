import type { Taint } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { ImageService, InProcessStreams, RuntimeService } from '#cri/cri.ts'
import type { NodeHost } from './host/node-host.ts'
import type { KubeletState } from './state.ts'
import type { KubeletSources } from './sources.ts'

export interface KubeletOptions {
  nodeName: string
  client: Client
  /** One in this process may carry streams itself. */
  runtime: RuntimeService & Partial<InProcessStreams>
  images: ImageService
  /** The machine: `linuxHost(…)` or `simulatedHost(…)`. */
  host: NodeHost
  clock: Clock
  random: Random
  log: Logger
  /** Volumes and other files of pods (upstream: /var/lib/kubelet). */
  rootDirectory: string
  /** Container logs (upstream: /var/log/pods). */
  podLogsDirectory: string
  /** The node's addresses, the one of the cluster's first family first. */
  nodeIPs: readonly string[]
  /** Version that the node reports: `v1.36.4`. */
  version: string
  /** Name in the label kubernetes.io/hostname; the node's name when left out. */
  hostname?: string
  /** More labels of the node. Roles are not among them: the API server lets no kubelet give itself one. */
  labels?: Readonly<Record<string, string>>
  /** Taints that the node registers with. */
  taints?: Taint[]
  /** Addresses of the cluster's DNS service; empty for none. */
  clusterDNS?: readonly string[]
  /** cluster.local when left out. */
  clusterDomain?: string
  /** 110 when left out. */
  maxPods?: number
  /** Port of the kubelet's server, as the node tells it to the API server; 10250 when left out. */
  kubeletPort?: number
  /** What is read of the API; watches of its own when left out. */
  sources?: KubeletSources
  /** Of a kubelet that this one takes the place of: it then knows what the sources hold and what the runtime runs. */
  state?: KubeletState | undefined
}
