import type { Namespace, ServiceAccount } from '#api/core/v1/types.gen.ts'
import { waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { createInNamespace } from '../namespace-gone.ts'

const defaultName = 'default'

/** Keeps a ServiceAccount `default` in every active namespace (kube-controller-manager's `serviceaccount`). */
export class ServiceAccountController implements Controller {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue<string>

  constructor(context: ControllerContext) {
    this.#context = context
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
  }

  get state(): ControllerState {
    return { queue: this.#queue.state }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, client, log } = this.#context
    const queue = this.#queue
    const isKnown = this.#context.state !== undefined
    const namespaces = informers.of<Namespace>({ apiVersion: 'v1', kind: 'Namespace' })
    const accounts = informers.of<ServiceAccount>({ apiVersion: 'v1', kind: 'ServiceAccount' })
    await waitForSync([namespaces, accounts], signal)
    using _namespaceEvents = namespaces.onChange(
      ({ type, object }) => {
        if (type !== 'delete') queue.add(object.metadata.name)
      },
      { isKnown },
    )
    using _accountEvents = accounts.onChange(
      ({ type, object }) => {
        if (type === 'delete' && object.metadata.name === defaultName) queue.add(object.metadata.namespace!)
      },
      { isKnown },
    )
    await queue.run(
      { workers: 4, onError: (namespace, error) => log.warn('cannot create the default service account', { namespace, error }) },
      async (namespace, inner) => {
        if (namespaces.get(namespace)?.status?.phase !== 'Active' || accounts.get(`${namespace}/${defaultName}`) !== undefined) return
        const account: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: defaultName, namespace } }
        await createInNamespace(client.create(account, inner))
      },
      signal,
    )
  }
}
