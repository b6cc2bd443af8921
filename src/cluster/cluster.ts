import type { HTTPFront } from '#apiserver/http/front.ts'
import type { ObjectStorage } from '#apiserver/storage/stored-object.ts'
import type { Event } from '#api/core/v1/types.gen.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newResourceExpired, newServiceUnavailable } from '#apimachinery/status/status.ts'
import { RealClock } from '#base/clock.ts'
import { coxswainVersion } from '#base/version.ts'
import type { Client, ObjectRef } from '#client/client.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { buildKubeconfig, type Kubeconfig } from '#client/kubeconfig/kubeconfig.ts'
import { RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import type { Transport } from '#client/transport.ts'
import { writeKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import type { ControlPlane } from '#controlplane/control-plane.ts'
import type { ServerEndpoint } from '#controlplane/first-objects.ts'
import type { SimulatedImages } from '#cri/simulated/index.ts'
import { readStory } from '#kubectl/why/read-story.ts'
import type { Story } from '#kubectl/why/story.ts'
import type { ClusterFaults } from './cluster-faults.ts'
import { ClusterSnapshot } from './cluster-snapshot.ts'
import { ClusterClient, refOf } from './cluster-client.ts'
import type { ObjectOf } from './kinds.ts'
import { checkNodeGroups } from './options-shape.ts'
import type { ClusterCertificates, ClusterPKI } from './pki/cluster-pki.ts'
import { isMachineGroup, type MachineNodeGroup, type NodeGroup } from './node-group.ts'
import { RunningCluster } from './running-cluster.ts'
import type { SimulatedNode } from './simulated/simulated-node.ts'
import type { SimulatedNodes } from './simulated/simulated-nodes.ts'
import { ClusterStopped, ClusterTime, type WaitOptions } from './time.ts'
import { type Predicate, untilObject } from './until.ts'

export interface ClusterParts {
  running: RunningCluster
  front: HTTPFront
  pki: ClusterPKI
  certificates: ClusterCertificates
  /** Makes this machine a node; there are `machineCount` already. */
  joinMachine(cluster: Cluster, group: MachineNodeGroup, machineCount: number): Promise<AsyncDisposable>
  images: SimulatedImages
  /** Where the server is reached. */
  endpoint: ServerEndpoint
  url: string
  contextName: string
  /** Starts a cluster that goes on from a snapshot. */
  startFrom: (snapshot: ClusterSnapshot) => Promise<Cluster>
}

/** How long requests under way may take to finish when the server stops. */
const stopGraceMs = 1_000

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
  readonly pki: ClusterPKI
  readonly certificates: ClusterCertificates
  /** The cluster's time. */
  readonly clock: ClusterTime
  /** What simulated nodes run: `images.define('web', script)`. */
  readonly images: SimulatedImages
  /**
   * Resolves when the cluster has stopped; rejects when a part of it broke, which takes the others with it. Whoever does not look at this
   * promise crashes with us: a part that is gone does not come back by itself.
   */
  readonly ended: Promise<void>
  readonly #parts: ClusterParts
  readonly #ended = Promise.withResolvers<void>()
  readonly #kubeconfig: Kubeconfig
  readonly #machines: AsyncDisposable[] = []
  /** Aborted once nothing runs any more. */
  readonly #over = new AbortController()
  #running: RunningCluster
  #transport: HTTPSTransport | undefined
  #stopped: Promise<void> | undefined

  constructor(parts: ClusterParts) {
    const { running, certificates, url } = parts
    this.#parts = parts
    this.#running = running
    this.pki = parts.pki
    this.certificates = certificates
    this.url = url
    this.clock = new ClusterTime(() => this.#running, this.#over.signal)
    this.images = parts.images
    this.ended = this.#ended.promise
    this.#follow(running)
    const current: Transport = {
      request: (request, signal) => this.#adminTransport().request(request, signal),
      watch: (request, signal) => this.#adminTransport().watch(request, signal),
    }
    this.adminClient = new RESTClient(current, new RESTMapper(current, builtinResourceInfos))
    const { certificate, key } = certificates.admin
    this.client = new ClusterClient({
      client: this.adminClient,
      isNamespaced: async type => (await this.controlPlane.mappingOf(type)).namespaced,
      transport: () => this.#adminTransport(),
      streams: {
        url,
        ca: certificates.ca,
        certificate,
        key,
        clock: new RealClock(),
        requireServer: () => this.#requireServer(),
        transport: () => this.#openTransport(),
      },
    })
    this.#kubeconfig = buildKubeconfig({ name: parts.contextName, server: url, ca: certificates.ca, credentials: { certificate, key } })
    // JSON is YAML, too.
    this.kubeconfig = JSON.stringify(this.#kubeconfig, undefined, 2)
  }

  get controlPlane(): ControlPlane {
    return this.#running.controlPlane
  }

  /** Where the objects are, for those who look at every write. */
  get storage(): ObjectStorage {
    return this.#running.storage
  }

  /** The simulated nodes. */
  get nodes(): SimulatedNodes {
    return this.#running.nodes
  }

  /** Lets things go wrong. */
  get faults(): ClusterFaults {
    return this.#running.faults
  }

  /**
   * The cluster as it is now, to go back to or to start others from. On virtual time what was begun comes to rest first; on the real clock it
   * is the first moment at which nobody in this process has anything to do.
   * @throws Error when this machine is a node: its containers cannot be copied
   */
  async snapshot(): Promise<ClusterSnapshot> {
    this.#over.signal.throwIfAborted()
    this.#requireNoMachine()
    await this.clock.settle()
    const { pki, contextName } = this.#parts
    return new ClusterSnapshot({ state: await this.#running.save(), constants: this.#running.constants, pki, contextName })
  }

  /** Another cluster that is the same now, with an address of its own; what happens in one is never seen in the other. */
  async fork(): Promise<Cluster> {
    return this.#parts.startFrom(await this.snapshot())
  }

  /**
   * Goes back to a snapshot of this cluster, or of one that it was forked from: objects, revisions, time, nodes, images, logs. Address and
   * credentials stay; watches and streams end with an error. Do not let time move meanwhile.
   * @throws Error for the snapshot of another cluster, and for clusters on disk or with real containers
   */
  async restore(snapshot: ClusterSnapshot): Promise<void> {
    if (!(snapshot instanceof ClusterSnapshot)) throw new TypeError('want what cluster.snapshot() has answered')
    const { state, constants } = snapshot.parts
    const { front, endpoint, images } = this.#parts
    if (constants.certificates !== this.certificates) throw new Error('cannot restore the snapshot of another cluster')
    if (this.#stopped !== undefined) throw new Error('cannot restore a snapshot: the cluster was stopped')
    this.#requireNoMachine()
    // What runs after it is in memory: what is written then would be gone with the process.
    if (this.#running.isOnDisk) throw new Error('cannot restore a snapshot: the cluster is on disk; fork it, and restore the fork')
    const before = this.#running
    const next = await RunningCluster.openFrom(state, constants, { images })
    this.#running = next
    front.setServer(next.controlPlane.slot)
    await before.stopServing(newResourceExpired('the cluster was set back to an earlier state').status)
    await before[Symbol.asyncDispose]()
    images.replace(state.images)
    await next.run(endpoint)
    this.#follow(next)
    await this.clock.settle()
    next.endResumption()
  }

  /** Writes the kubeconfig to a file, for kubectl and Helm. */
  async writeKubeconfig(path: string): Promise<void> {
    await writeKubeconfig(path, this.#kubeconfig)
  }

  /** Starts nodes; resolves when all are Ready. @returns the simulated ones */
  async addNodes(...groups: NodeGroup[]): Promise<SimulatedNode[]> {
    checkNodeGroups(groups)
    this.#over.signal.throwIfAborted()
    for (const group of groups.filter(isMachineGroup))
      this.#machines.push(await this.#parts.joinMachine(this, group, this.#machines.length))
    const added: SimulatedNode[] = []
    for (const group of groups) if (!isMachineGroup(group)) added.push(...(await this.nodes.add(group)))
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
   * @throws DeadlineExceeded with the object's status; ClusterStopped
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
    if (about !== undefined && (typeof about !== 'object' || about === null))
      throw new TypeError(`want { kind: 'Pod', name: 'web' } or the object, not ${JSON.stringify(about)}`)
    const ref = about !== undefined && 'metadata' in about ? refOf(about) : (about ?? {})
    const { items } = await this.client.list({ apiVersion: 'v1', kind: 'Event', namespace: ref.namespace })
    return items
      .filter(
        ({ involvedObject }) =>
          (ref.kind === undefined || involvedObject.kind === ref.kind) && (ref.name === undefined || involvedObject.name === ref.name),
      )
      .sort((a, b) => timeOf(a).localeCompare(timeOf(b)) || Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
  }

  /**
   * How an object came to be as it is, or to be gone: who wrote what, and the writes that led to that. `String(story)` is what `cox why`
   * prints.
   * @throws StatusError NotFound when nothing is known of such an object
   */
  async why(object: ObjectRef | KubeObject): Promise<Story> {
    const { namespace, name, ...type } = await this.client.complete(object)
    const { group, resource } = await this.controlPlane.mappingOf(type)
    return readStory(this.#adminTransport(), { group, resource, namespace, name }, new AbortController().signal)
  }

  /** Stops the nodes, the loops, then the server, then the storage. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    try {
      for (const machine of this.#machines) await machine[Symbol.asyncDispose]()
    } finally {
      await this.#running.stopServing()
      this.#over.abort(new ClusterStopped('the cluster was stopped'))
      this.#transport?.[Symbol.dispose]()
      await this.#parts.front.stop(stopGraceMs)
      await this.#running[Symbol.asyncDispose]()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #requireNoMachine(): void {
    if (this.#machines.length > 0) throw new Error('a cluster with real containers can be neither copied nor set back')
  }

  /** What runs is the cluster, until something else takes its place. */
  #follow(running: RunningCluster): void {
    running.ended.then(() => {
      if (this.#running === running) this.#ended.resolve()
    }, this.#ended.reject)
  }

  /** To the server, as its administrator. @throws StatusError ServiceUnavailable (503) once the cluster was stopped */
  #adminTransport(): Transport {
    this.#requireServer()
    return this.#running.adminTransport
  }

  #requireServer(): void {
    if (this.#over.signal.aborted) throw newServiceUnavailable('the cluster was stopped')
  }

  #openTransport(): HTTPSTransport {
    this.#requireServer()
    const { url, certificates } = this
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
