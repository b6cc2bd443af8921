import type { Lease } from '#api/coordination/v1/types.gen.ts'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { EventRecorder } from '#client/events/event-recorder.ts'
import { type Informer, waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { planNode } from './plan.ts'

const leaseNamespace = 'kube-node-lease'

/** Watches heartbeats: a silent node becomes Unknown and tainted, its pods not ready; a recovered one is let in again. */
export class NodeLifecycleController implements Controller {
  readonly name = 'node-controller'
  readonly #context: ControllerContext
  readonly #events: EventRecorder
  readonly #heard = new Map<string, { beat: string; atMs: number }>()

  constructor(context: ControllerContext, events: EventRecorder) {
    this.#context = context
    this.#events = events
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock, log } = this.#context
    const queue = new WorkQueue<string>({ clock })
    const nodes = informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    const leases = informers.of<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace: leaseNamespace })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    await waitForSync([nodes, leases, pods], signal)
    using _nodeEvents = nodes.onChange(({ type, object }) => {
      const { name } = object.metadata
      if (type === 'delete') this.#heard.delete(name)
      else queue.add(name)
      if (type === 'add')
        this.#events.event(object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`)
      if (type === 'delete')
        this.#events.event(object, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`)
    })
    using _leaseEvents = leases.onChange(({ object }) => queue.add(object.metadata.name))
    await queue.run(
      { workers: 4, onError: (node, error) => log.warn('cannot update the node', { node, error }) },
      (name, inner) => this.#sync(nodes.get(name), leases.get(`${leaseNamespace}/${name}`), pods, inner),
      signal,
    )
  }

  async #sync(node: Node | undefined, lease: Lease | undefined, pods: Informer<Pod>, signal: AbortSignal): Promise<number | undefined> {
    if (node === undefined) return undefined
    const { client, clock } = this.#context
    const { name } = node.metadata
    const plan = planNode({ node, lease, heardAtMs: this.#listen(node, lease), nowMs: clock.now() })
    const ref = { apiVersion: 'v1', kind: 'Node', name }
    try {
      if (plan.conditions !== undefined) {
        await client.patch(ref, { type: 'strategic', body: { status: { conditions: plan.conditions } } }, signal, { subresource: 'status' })
        this.#events.event(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`)
      }
      if (plan.taints !== undefined) {
        const { resourceVersion } = plan.conditions === undefined ? node.metadata : { resourceVersion: undefined }
        await client.patch(ref, { type: 'merge', body: { metadata: { resourceVersion }, spec: { taints: plan.taints } } }, signal)
      }
      if (plan.podsNotReady) await this.#markPodsNotReady(node, pods, signal)
    } catch (error) {
      // Somebody else wrote first: their write wakes us again.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
    return plan.checkAfterMs
  }

  /** When the newest heartbeat reached us. */
  #listen(node: Node, lease: Lease | undefined): number {
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
    // Our own writes keep the heartbeat time (a node that never reported gets its creation time), so that they are not taken for one.
    const beat = `${lease?.spec?.renewTime ?? ''} ${ready?.lastHeartbeatTime ?? node.metadata.creationTimestamp ?? ''}`
    const known = this.#heard.get(node.metadata.name)
    if (known?.beat === beat) return known.atMs
    const atMs = this.#context.clock.now()
    this.#heard.set(node.metadata.name, { beat, atMs })
    return atMs
  }

  async #markPodsNotReady(node: Node, pods: Informer<Pod>, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#context
    for (const pod of pods.values()) {
      if (pod.spec.nodeName !== node.metadata.name) continue
      const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')
      if (ready === undefined || ready.status === 'False') continue
      const lastTransitionTime = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
      const body = { status: { conditions: [{ ...ready, status: 'False', lastTransitionTime }] } }
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace: pod.metadata.namespace!, name: pod.metadata.name }
      await client.patch(ref, { type: 'strategic', body }, signal, { subresource: 'status' }).catch(error => {
        if (!isNotFound(error)) throw error
      })
      this.#events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready')
      this.#context.log.info('pod marked not ready', { pod: keyOf(pod), node: node.metadata.name })
    }
  }
}
