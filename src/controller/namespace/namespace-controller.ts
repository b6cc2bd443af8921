import { isDeepStrictEqual } from 'node:util'
import type { Namespace, Pod } from '#api/core/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import { isMethodNotSupported, isNotFound } from '#apimachinery/status/status.ts'
import type { DiscoveredResource } from '#client/discovery.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { deletionConditions, type Leftovers } from './conditions.ts'

const finalizer = 'kubernetes'
/** Objects whose end we are not told of (finalizers of others) are looked at again after this time. */
const recheckMs = 5_000
const workers = 5

/** Empties namespaces that are being deleted, then lets them go (kube-controller-manager's `namespace`). */
export class NamespaceController implements Controller {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue<string>
  readonly #discover: (signal: AbortSignal) => Promise<DiscoveredResource[]>

  constructor(context: ControllerContext, discover: (signal: AbortSignal) => Promise<DiscoveredResource[]>) {
    this.#context = context
    this.#queue = new WorkQueue({ clock: context.clock, backoffMaxMs: 60_000 }, context.state?.queue)
    this.#discover = discover
  }

  get state(): ControllerState {
    return { queue: this.#queue.state }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, log } = this.#context
    const queue = this.#queue
    const isKnown = this.#context.state !== undefined
    const namespaces = informers.of<Namespace>({ apiVersion: 'v1', kind: 'Namespace' })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    using _namespaceEvents = namespaces.onChange(
      ({ type, object }) => {
        if (type !== 'delete' && isTerminating(object)) queue.add(object.metadata.name)
      },
      { isKnown },
    )
    // The last pod of a namespace ends long after it was asked to: its going is what wakes us.
    using _podEvents = pods.onChange(
      ({ type, object }) => {
        const namespace = namespaces.get(object.metadata.namespace!)
        if (type === 'delete' && namespace !== undefined && isTerminating(namespace)) queue.add(namespace.metadata.name)
      },
      { isKnown },
    )
    await queue.run(
      { workers, onError: (namespace, error) => log.warn('cannot empty the namespace', { namespace, error }) },
      (name, inner) => this.#sync(name, inner),
      signal,
    )
  }

  async #sync(name: string, signal: AbortSignal): Promise<number | undefined> {
    const { client } = this.#context
    try {
      // What the informer shows may be the namespace of before, while a new one of that name is in use already.
      const namespace = await client.get<Namespace>({ apiVersion: 'v1', kind: 'Namespace', name }, signal)
      if (!isTerminating(namespace) || namespace.spec.finalizers?.includes(finalizer) !== true) return undefined
      const leftovers = await this.#empty(name, signal)
      const reported = await this.#report(namespace, leftovers, signal)
      const [failure] = leftovers.deletionErrors
      if (failure !== undefined) throw new Error(failure)
      if (leftovers.counts.size > 0) return recheckMs
      if (leftovers.discoveryError !== undefined) throw new Error(leftovers.discoveryError)
      const finalizers = (reported.spec.finalizers ?? []).filter(entry => entry !== finalizer)
      await client.update({ ...reported, spec: { ...reported.spec, finalizers } }, signal, { subresource: 'finalize' })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  }

  /** Deletes what is left and says what is still there afterwards. Pods go first: what they use stays until they have ended. */
  async #empty(namespace: string, signal: AbortSignal): Promise<Leftovers> {
    const leftovers = { counts: new Map<string, number>(), finalizers: new Map<string, number>(), deletionErrors: [] as string[] }
    let discovered: DiscoveredResource[]
    try {
      discovered = await this.#discover(signal)
    } catch (error) {
      signal.throwIfAborted()
      return { ...leftovers, discoveryError: (error as Error).message }
    }
    const resources = discovered.filter(({ namespaced, verbs }) => namespaced && verbs.includes('deletecollection'))
    const isPods = ({ group, resource }: DiscoveredResource) => group === '' && resource === 'pods'
    const empty = async (mapping: DiscoveredResource) => {
      try {
        note(leftovers, mapping, await this.#emptyResource(mapping, namespace, signal))
      } catch (error) {
        signal.throwIfAborted()
        leftovers.deletionErrors.push(`unexpected error in deleting ${mapping.resource}: ${(error as Error).message}`)
      }
    }
    await Promise.all(resources.filter(isPods).map(empty))
    if (leftovers.counts.size > 0 || leftovers.deletionErrors.length > 0) return leftovers
    await Promise.all(resources.filter(mapping => !isPods(mapping)).map(empty))
    return leftovers
  }

  /** Deletes the objects of one resource; returns those that are still there. */
  async #emptyResource(mapping: DiscoveredResource, namespace: string, signal: AbortSignal): Promise<KubeObject[]> {
    const { client } = this.#context
    const ref = { apiVersion: apiVersionOf(mapping), kind: mapping.kind, namespace }
    try {
      const { items } = await client.list(ref, signal)
      if (items.length === 0) return []
      await client.deleteCollection(ref, signal, { propagationPolicy: 'Background' })
      return (await client.list(ref, signal)).items
    } catch (error) {
      if (isNotFound(error) || isMethodNotSupported(error)) return []
      throw error
    }
  }

  /** Writes the conditions when they changed; the namespace as it is then. */
  async #report(namespace: Namespace, leftovers: Leftovers, signal: AbortSignal): Promise<Namespace> {
    const before = namespace.status?.conditions ?? []
    const conditions = deletionConditions(leftovers, before, formatTime(this.#context.clock.now()))
    if (isDeepStrictEqual(conditions, before)) return namespace
    const changed = { ...namespace, status: { ...namespace.status, conditions } }
    return this.#context.client.update(changed, signal, { subresource: 'status' })
  }
}

function note(
  { counts, finalizers }: { counts: Map<string, number>; finalizers: Map<string, number> },
  { resource, group }: DiscoveredResource,
  remaining: readonly KubeObject[],
): void {
  if (remaining.length === 0) return
  counts.set(`${resource}.${group}`, remaining.length)
  for (const { metadata } of remaining) {
    for (const held of metadata.finalizers ?? []) finalizers.set(held, (finalizers.get(held) ?? 0) + 1)
  }
}

function isTerminating({ metadata }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined
}
