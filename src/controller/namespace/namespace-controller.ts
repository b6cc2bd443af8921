import type { Namespace, Pod } from '#api/core/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import { isMethodNotSupported, isNotFound } from '#apimachinery/status/status.ts'
import type { DiscoveredResource } from '#client/discovery.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext } from '../controller.ts'
import { deletionConditions, type Remaining } from './conditions.ts'

const finalizer = 'kubernetes'
/** Objects whose end we are not told of (finalizers of others) are looked at again after this time. */
const recheckMs = 5_000
const workers = 5

/** Empties namespaces that are being deleted, then lets them go (kube-controller-manager's `namespace`). */
export class NamespaceController implements Controller {
  readonly name = 'namespace-controller'
  readonly #context: ControllerContext
  readonly #discover: (signal: AbortSignal) => Promise<DiscoveredResource[]>

  constructor(context: ControllerContext, discover: (signal: AbortSignal) => Promise<DiscoveredResource[]>) {
    this.#context = context
    this.#discover = discover
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, clock, log } = this.#context
    const queue = new WorkQueue<string>({ clock, backoffMaxMs: 60_000 })
    const namespaces = informers.of<Namespace>({ apiVersion: 'v1', kind: 'Namespace' })
    const pods = informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' })
    using _namespaceEvents = namespaces.onChange(({ type, object }) => {
      if (type !== 'delete' && isTerminating(object)) queue.add(object.metadata.name)
    })
    // The last pod of a namespace ends long after it was asked to: its going is what wakes us.
    using _podEvents = pods.onChange(({ type, object }) => {
      const namespace = namespaces.get(object.metadata.namespace!)
      if (type === 'delete' && namespace !== undefined && isTerminating(namespace)) queue.add(namespace.metadata.name)
    })
    await queue.run(
      { workers, onError: (namespace, error) => log.warn('cannot empty the namespace', { namespace, error }) },
      (name, inner) => this.#sync(namespaces.get(name), inner),
      signal,
    )
  }

  async #sync(namespace: Namespace | undefined, signal: AbortSignal): Promise<number | undefined> {
    if (namespace === undefined || !isTerminating(namespace)) return undefined
    const name = namespace.metadata.name
    const { remaining, errors } = await this.#empty(name, signal)
    try {
      await this.#report(namespace, { remaining, errors }, signal)
      if (remaining.length > 0 || errors.length > 0) return recheckMs
      const fresh = await this.#context.client.get<Namespace>({ apiVersion: 'v1', kind: 'Namespace', name }, signal)
      const finalizers = (fresh.spec.finalizers ?? []).filter(entry => entry !== finalizer)
      await this.#context.client.update({ ...fresh, spec: { ...fresh.spec, finalizers } }, signal, { subresource: 'finalize' })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    return undefined
  }

  /** Deletes what is left and says what is still there afterwards. */
  async #empty(namespace: string, signal: AbortSignal): Promise<{ remaining: Remaining[]; errors: string[] }> {
    const { client } = this.#context
    const errors: string[] = []
    const resources = (await this.#discover(signal)).filter(({ namespaced, verbs }) => namespaced && verbs.includes('deletecollection'))
    const remaining = await Promise.all(
      resources.map(async (mapping): Promise<Remaining | undefined> => {
        const ref = { apiVersion: apiVersionOf(mapping), kind: mapping.kind, namespace }
        try {
          let { items } = await client.list<KubeObject>(ref, signal)
          if (items.length === 0) return undefined
          await client.deleteCollection(ref, signal, { propagationPolicy: 'Background' })
          items = (await client.list<KubeObject>(ref, signal)).items
          if (items.length === 0) return undefined
          const finalizers = [...new Set(items.flatMap(({ metadata }) => metadata.finalizers ?? []))]
          return { resource: `${mapping.resource}.${mapping.group}`, count: items.length, finalizers }
        } catch (error) {
          if (signal.aborted) throw error
          if (isNotFound(error) || isMethodNotSupported(error)) return undefined
          errors.push(`unexpected error in deleting ${mapping.resource}: ${(error as Error).message}`)
          return undefined
        }
      }),
    )
    return { remaining: remaining.filter(entry => entry !== undefined), errors }
  }

  async #report(namespace: Namespace, state: { remaining: Remaining[]; errors: string[] }, signal: AbortSignal): Promise<void> {
    const now = `${new Date(this.#context.clock.now()).toISOString().slice(0, 19)}Z`
    const before = namespace.status?.conditions ?? []
    const conditions = deletionConditions(state, before, now)
    if (JSON.stringify(conditions) === JSON.stringify(before)) return
    const changed = { ...namespace, status: { ...namespace.status, conditions } }
    await this.#context.client.update(changed, signal, { subresource: 'status' })
  }
}

function isTerminating({ metadata }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined
}
