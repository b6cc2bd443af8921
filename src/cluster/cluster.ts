import type { Event } from '#api/core/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Clock } from '#base/clock.ts'
import type { Group } from '#base/group.ts'
import { coxswainVersion } from '#base/version.ts'
import type { Client, ObjectRef } from '#client/client.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { buildKubeconfig, type Kubeconfig } from '#client/kubeconfig/kubeconfig.ts'
import { writeKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import type { ControlPlane } from '#controlplane/control-plane.ts'
import type { SimulatedImages } from '#cri/simulated/index.ts'
import type { Storage } from '#storage/storage.ts'
import type { ClusterFaults } from './cluster-faults.ts'
import { ClusterClient, refOf } from './cluster-client.ts'
import type { ObjectOf } from './kinds.ts'
import type { ClusterCertificates, ClusterPKI } from './pki/cluster-pki.ts'
import type { NodeGroup } from './simulated/node-group.ts'
import type { SimulatedNode, SimulatedNodes } from './simulated/simulated-nodes.ts'
import type { ClusterTime, WaitOptions } from './time.ts'
import { type Predicate, untilObject } from './until.ts'

export interface ClusterParts {
  controlPlane: ControlPlane
  storage: Storage
  tasks: Group
  pki: ClusterPKI
  certificates: ClusterCertificates
  nodes: SimulatedNodes
  images: SimulatedImages
  time: ClusterTime
  clock: Clock
  faults: ClusterFaults
  url: string
  contextName: string
}

/** A running cluster. Disposing it stops everything that this process runs; what is on disk stays. */
export class Cluster implements AsyncDisposable {
  /** The API as `kubernetes-admin`. */
  readonly client: ClusterClient
  /** The same for this program's own parts. */
  readonly adminClient: Client
  /** Where the API is served: `https://127.0.0.1:PORT`. */
  readonly url: string
  /** For clients in other languages: the administrator's connection, with its key. */
  readonly kubeconfig: string
  readonly controlPlane: ControlPlane
  readonly pki: ClusterPKI
  readonly certificates: ClusterCertificates
  /** The cluster's time. */
  readonly clock: ClusterTime
  /** What simulated nodes run: `images.define('web', script)`. */
  readonly images: SimulatedImages
  /** The simulated nodes. */
  readonly nodes: SimulatedNodes
  /** Lets things go wrong. */
  readonly faults: ClusterFaults
  /**
   * Resolves when the cluster has stopped; rejects when a part of it broke, which takes the others with it. Whoever does not look at this
   * promise crashes with us: a part that is gone does not come back by itself.
   */
  readonly ended: Promise<void>
  readonly #parts: ClusterParts
  readonly #kubeconfig: Kubeconfig
  #transport: HTTPSTransport | undefined
  #stopped: Promise<void> | undefined

  constructor(parts: ClusterParts) {
    const { controlPlane, certificates, url, clock } = parts
    this.#parts = parts
    this.controlPlane = controlPlane
    this.pki = parts.pki
    this.certificates = certificates
    this.url = url
    this.clock = parts.time
    this.images = parts.images
    this.nodes = parts.nodes
    this.faults = parts.faults
    this.ended = parts.tasks.wait()
    this.adminClient = controlPlane.clientOf({ name: 'kubernetes-admin', groups: ['system:masters'] })
    const { certificate, key } = certificates.admin
    this.client = new ClusterClient({
      client: this.adminClient,
      isNamespaced: type => controlPlane.isNamespaced(type),
      streams: { url, ca: certificates.ca, certificate, key, clock, transport: () => this.#openTransport() },
    })
    this.#kubeconfig = buildKubeconfig({ name: parts.contextName, server: url, ca: certificates.ca, credentials: { certificate, key } })
    // JSON is YAML, too.
    this.kubeconfig = JSON.stringify(this.#kubeconfig, undefined, 2)
  }

  /** Writes the kubeconfig to a file, for kubectl and Helm. */
  async writeKubeconfig(path: string): Promise<void> {
    await writeKubeconfig(path, this.#kubeconfig)
  }

  /** Starts simulated nodes; resolves when all are Ready. */
  async addNodes(...groups: NodeGroup[]): Promise<SimulatedNode[]> {
    const added = groups.flatMap(group => this.nodes.add(group))
    let readyCount = 0
    const ready = Promise.all(added.map(node => node.kubelet.ready.then(() => readyCount++)))
    if (this.clock.isVirtual) await this.clock.runUntil(() => readyCount === added.length)
    else await ready
    return added
  }

  /**
   * Waits until an object is as wanted; virtual time goes on meanwhile.
   * @param object the object, or what names it
   * @param wanted `Ready` or another condition, `Running` or another phase, `Exists`, `Deleted`; or a predicate
   * @param options.timeout of the cluster's time; five minutes when left out
   * @throws DeadlineExceeded with the object's status
   */
  async until<const R extends ObjectRef | KubeObject>(
    object: R,
    wanted: string | Predicate<ObjectOf<R>>,
    options: WaitOptions = {},
  ): Promise<ObjectOf<R>> {
    const ref = await this.client.complete(object)
    const { adminClient: client, clock: time } = this
    const predicate = wanted as string | Predicate<KubeObject>
    return (await untilObject(ref, predicate, { ...options, client, time })) as ObjectOf<R>
  }

  /** What happened, oldest first; of one object when it is given. */
  async events(about?: { kind?: string; namespace?: string; name?: string } | KubeObject): Promise<Event[]> {
    const ref = about !== undefined && 'metadata' in about ? refOf(about) : (about ?? {})
    const { items } = await this.client.list({ apiVersion: 'v1', kind: 'Event', namespace: ref.namespace })
    return items
      .filter(
        ({ involvedObject }) =>
          (ref.kind === undefined || involvedObject.kind === ref.kind) && (ref.name === undefined || involvedObject.name === ref.name),
      )
      .sort((a, b) => timeOf(a).localeCompare(timeOf(b)) || Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
  }

  /** Stops the nodes, the loops, then the server, then the storage. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    const { tasks, controlPlane, storage, nodes } = this.#parts
    await nodes[Symbol.asyncDispose]()
    await tasks[Symbol.asyncDispose]()
    this.#transport?.[Symbol.dispose]()
    await controlPlane[Symbol.asyncDispose]()
    await storage.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #openTransport(): HTTPSTransport {
    const { url, certificates } = this.#parts
    const { certificate, key } = certificates.admin
    this.#transport ??= new HTTPSTransport({
      server: url,
      ca: certificates.ca,
      cert: certificate,
      key,
      userAgent: `coxswain/${coxswainVersion}`,
    })
    return this.#transport
  }
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): string {
  return lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? ''
}
