import { isDeepStrictEqual } from 'node:util'
import type { ConfigMap, Namespace } from '#api/core/v1/types.gen.ts'
import { waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'
import { createInNamespace } from '../namespace-gone.ts'

const configMapName = 'kube-root-ca.crt'
const descriptionKey = 'kubernetes.io/description'
const annotations = {
  [descriptionKey]:
    'Holds the certificate authority that pods use to verify the API server; other uses are not supported. It is written by the cluster.',
}

/** Keeps a ConfigMap `kube-root-ca.crt` with the cluster's CA in every active namespace. */
export class RootCACertPublisher implements Controller {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue<string>
  readonly #caPEM: string

  constructor(context: ControllerContext, caPEM: string) {
    this.#context = context
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
    this.#caPEM = caPEM
  }

  get state(): ControllerState {
    return { queue: this.#queue.state }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, log } = this.#context
    const queue = this.#queue
    const isKnown = this.#context.state !== undefined
    const namespaces = informers.of<Namespace>({ apiVersion: 'v1', kind: 'Namespace' })
    const fieldSelector = `metadata.name=${configMapName}`
    const published = informers.of<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap', fieldSelector })
    await waitForSync([namespaces, published], signal)
    using _namespaceEvents = namespaces.onChange(
      ({ type, object }) => {
        if (type !== 'delete') queue.add(object.metadata.name)
      },
      { isKnown },
    )
    using _configMapEvents = published.onChange(({ object }) => queue.add(object.metadata.namespace!), { isKnown })
    await queue.run(
      { workers: 4, onError: (namespace, error) => log.warn('cannot publish the cluster CA', { namespace, error }) },
      (namespace, inner) => this.#sync(namespaces.get(namespace), published.get(`${namespace}/${configMapName}`), inner),
      signal,
    )
  }

  async #sync(namespace: Namespace | undefined, present: ConfigMap | undefined, signal: AbortSignal): Promise<void> {
    if (namespace?.status?.phase !== 'Active') return
    const { client } = this.#context
    const data = { 'ca.crt': this.#caPEM }
    if (present === undefined) {
      const metadata = { name: configMapName, namespace: namespace.metadata.name, annotations }
      const configMap: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
      await createInNamespace(client.create(configMap, signal))
    } else if (!isDeepStrictEqual(present.data, data) || present.metadata.annotations?.[descriptionKey] === undefined) {
      const metadata = { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } }
      await client.update({ ...present, metadata, data }, signal)
    }
  }
}
