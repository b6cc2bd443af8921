import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** A node must be gone this long before its pods count as orphans (upstream's quarantine). */
const nodeQuarantineMs = 40_000
const terminatedPodsMax = 12_500

/**
 * Deletes pods that nobody else will: terminating ones that never reached a node, those bound to a node that is gone, and the oldest
 * finished ones beyond a limit (kube-controller-manager's `pod-garbage-collector`).
 */
export class PodGCController implements Controller {
  readonly name = 'pod-garbage-collector'
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock, log } = this.#context
    const queue = new WorkQueue<string>({ clock })
    const nodes = informers.of<Node>({ apiVersion: 'v1', kind: 'Node' })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    await waitForSync([nodes, pods], signal)
    const missingSince = new Map<string, number>()
    const terminated = new Set<string>()

    const isOrphan = (pod: Pod) => pod.spec.nodeName !== undefined && pod.spec.nodeName !== '' && nodes.get(pod.spec.nodeName) === undefined
    using _podEvents = pods.onChange(({ type, object }) => {
      const key = keyOf(object)
      if (type === 'delete' || !isTerminated(object)) terminated.delete(key)
      else terminated.add(key)
      if (type === 'delete') return
      if (terminated.size > terminatedPodsMax) queue.add(oldestOf(terminated, pods)!)
      if (isUnscheduledAndTerminating(object)) queue.add(key)
      else if (isOrphan(object)) {
        missingSince.set(object.spec.nodeName!, missingSince.get(object.spec.nodeName!) ?? clock.monotonicMs())
        queue.addAfter(key, nodeQuarantineMs)
      }
    })
    using _nodeEvents = nodes.onChange(({ type, object }) => {
      const { name } = object.metadata
      if (type !== 'delete') {
        missingSince.delete(name)
        return
      }
      missingSince.set(name, clock.monotonicMs())
      for (const pod of pods.values()) if (pod.spec.nodeName === name) queue.addAfter(keyOf(pod), nodeQuarantineMs)
    })
    await queue.run(
      { workers: 2, onError: (pod, error) => log.warn('cannot collect the pod', { pod, error }) },
      async (key, inner) => {
        const pod = pods.get(key)
        if (pod === undefined) return
        if (isUnscheduledAndTerminating(pod) || (terminated.size > terminatedPodsMax && terminated.has(key)))
          return this.#remove(pod, inner)
        if (!isOrphan(pod)) return
        const since = missingSince.get(pod.spec.nodeName!)
        const waitedMs = since === undefined ? 0 : clock.monotonicMs() - since
        if (waitedMs < nodeQuarantineMs) return nodeQuarantineMs - waitedMs
        return this.#remove(pod, inner, { orphaned: true })
      },
      signal,
    )
  }

  async #remove(pod: Pod, signal: AbortSignal, { orphaned = false } = {}): Promise<undefined> {
    const { client, clock, log } = this.#context
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: pod.metadata.namespace!, name: pod.metadata.name }
    log.info('pod collected', { pod: keyOf(pod), orphaned })
    try {
      if (orphaned && !isTerminated(pod)) {
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: 'PodGC: node no longer exists',
          lastTransitionTime: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
        }
        await client.patch(ref, { type: 'strategic', body: { status: { phase: 'Failed', conditions: [condition] } } }, signal, {
          subresource: 'status',
        })
      }
      await client.delete(ref, signal, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  }
}

function isUnscheduledAndTerminating(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined && (pod.spec.nodeName === undefined || pod.spec.nodeName === '')
}

function isTerminated(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function oldestOf(keys: Set<string>, pods: { get(key: string): Pod | undefined }): string | undefined {
  let oldest: { key: string; created: string } | undefined
  for (const key of keys) {
    const created = pods.get(key)?.metadata.creationTimestamp ?? ''
    if (oldest === undefined || created < oldest.created) oldest = { key, created }
  }
  return oldest?.key
}
