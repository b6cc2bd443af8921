import type { Lease } from '#api/coordination/v1/types.gen.ts'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { formatDurationMs } from '#apimachinery/duration/duration.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { formatTime, parseTime } from '#apimachinery/meta/v1/time.ts'
import { isConflict, isNotFound } from '#apimachinery/status/status.ts'
import { because, type Cause } from '#client/cause.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import { type Informer, type InformerEvent, waitForSync } from '#client/informer.ts'
import { refOf } from '#client/rest-client.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { patchPodStatus } from '../pod-status.ts'
import { indexPodsByNode, podsOnNode } from '../pods-by-node.ts'
import { type NodePlan, planNode } from './plan.ts'

/** The newest heartbeat of a node, and when we learnt of it. */
interface Heard {
  renewTime: string
  heartbeatTime: string
  atMs: number
}

const leaseNamespace = 'kube-node-lease'
const conflictRetryMs = 1_000

/** Watches heartbeats: a silent node becomes Unknown and tainted, its pods not ready; a recovered one is let in again. */
export class NodeLifecycleController implements Controller<Heard> {
  readonly #context: ControllerContext<Heard>
  readonly #events: EventRecorder
  readonly #nodes: Informer<Node>
  readonly #leases: Informer<Lease>
  readonly #pods: Informer<Pod>
  readonly #queue: WorkQueue<string>
  readonly #heard: Map<string, Heard>

  constructor(context: ControllerContext<Heard>, events: EventRecorder) {
    const { informers } = context
    this.#context = context
    this.#events = events
    this.#nodes = informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    this.#leases = informers.of<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: leaseNamespace })
    this.#pods = indexPodsByNode(informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' }))
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
    this.#heard = new Map(context.state?.memory)
  }

  get state(): ControllerState<Heard> {
    return { queue: this.#queue.state, memory: new Map(this.#heard) }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, state } = this.#context
    const isKnown = state !== undefined
    await waitForSync([this.#nodes, this.#leases, this.#pods], signal)
    using _nodeEvents = this.#nodes.onChange(event => this.#onNode(event), { isKnown })
    using _leaseEvents = this.#leases.onChange(event => this.#onLease(event), { isKnown })
    await this.#queue.run(
      { workers: 4, onError: (node, error) => log.warn('cannot update the node', { node, error }) },
      (name, inner) => this.#sync(this.#nodes.get(name), inner),
      signal,
    )
  }

  #onNode({ type, object }: InformerEvent<Node>): void {
    const { name } = object.metadata
    switch (type) {
      case 'delete':
        this.#heard.delete(name)
        this.#events.event(object, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`)
        return
      case 'add':
        this.#events.event(object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
        break
      case 'update':
        break
    }
    this.#queue.add(name)
  }

  /** What most renewals change is only when we heard of the node: it is looked at when that would have been too long ago. */
  #onLease({ type, object }: InformerEvent<Lease>): void {
    const { name } = object.metadata
    const node = this.#nodes.get(name)
    const isLookedAtLater = this.#queue.isDelayed(name) && findCondition(node?.status?.conditions, 'Ready')?.status !== 'Unknown'
    if (type === 'update' && node !== undefined && isLookedAtLater) this.#listen(node, object)
    else this.#queue.add(name)
  }

  async #sync(node: Node | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (node === undefined) return undefined
    const lease = this.#leases.get(`${leaseNamespace}/${node.metadata.name}`)
    const heard = this.#listen(node, lease)
    const plan = planNode({ node, ...heard, nowMs: this.#context.clock.now() })
    try {
      if (plan.conditions === undefined) await this.#write(node, plan, signal)
      else await because(silenceAfter(lease, heard.silentMs), () => this.#write(node, plan, signal))
      if (plan.podsNotReady) for (const pod of podsOnNode(this.#pods, node.metadata.name)) await this.#markNotReady(pod, signal)
    } catch (error) {
      // Somebody else wrote first: what they wrote is judged next.
      if (isConflict(error)) return conflictRetryMs
      if (!isNotFound(error)) throw error
    }
    return plan.checkAfterMs
  }

  /** Writes onto the version that was judged only: a heartbeat that comes at the same moment wins. */
  async #write(node: Node, { conditions, taints }: NodePlan, signal: AbortSignal): Promise<void> {
    const { client } = this.#context
    const { name, resourceVersion } = node.metadata
    const metadata = { resourceVersion }
    if (conditions !== undefined) {
      const wasReady = findCondition(node.status?.conditions, 'Ready')?.status === 'True'
      await client.patch(refOf(node), { type: 'strategic', body: { metadata, status: { conditions } } }, signal, { subresource: 'status' })
      if (wasReady) this.#events.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
    }
    if (taints !== undefined) await client.patch(refOf(node), { type: 'merge', body: { metadata, spec: { taints } } }, signal)
  }

  /** How long the node has been silent. Our own writes keep the heartbeat time, so that they are not taken for one. */
  #listen(node: Node, lease: Lease | undefined): { hasReported: boolean; silentMs: number } {
    const { name, creationTimestamp } = node.metadata
    const ready = findCondition(node.status?.conditions, 'Ready')
    const hasReported = lease !== undefined || (ready !== undefined && ready.reason !== 'NodeStatusNeverUpdated')
    const nowMs = this.#context.clock.monotonicMs()
    const renewTime = lease?.spec?.renewTime ?? ''
    const heartbeatTime = ready?.lastHeartbeatTime ?? ''
    let heard = this.#heard.get(name)
    if (heard?.renewTime !== renewTime || heard.heartbeatTime !== heartbeatTime) {
      heard = { renewTime, heartbeatTime, atMs: nowMs }
      this.#heard.set(name, heard)
    }
    if (hasReported) return { hasReported, silentMs: nowMs - heard.atMs }
    const wallMs = this.#context.clock.now()
    return { hasReported, silentMs: wallMs - (parseTime(creationTimestamp) ?? wallMs) }
  }

  async #markNotReady(pod: Pod, signal: AbortSignal): Promise<void> {
    const { clock, client, log } = this.#context
    const ready = findCondition(pod.status?.conditions, 'Ready')
    if (ready === undefined || ready.status === 'False') return
    const condition = { ...ready, status: 'False', lastTransitionTime: formatTime(clock.now()) }
    try {
      await patchPodStatus(client, pod, { conditions: [condition] }, signal)
    } catch (error) {
      if (isNotFound(error)) return
      throw error
    }
    this.#events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
    log.info('pod marked not ready', { pod: keyOf(pod), node: pod.spec.nodeName })
  }
}

/** The last heartbeat, and how long ago it was. */
function silenceAfter(lease: Lease | undefined, silentMs: number): Cause {
  const resourceVersion = lease?.metadata.resourceVersion
  return { resourceVersion, reason: `nothing was heard of the node for ${formatDurationMs(silentMs)}` }
}
