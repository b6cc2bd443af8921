/**
 * A small operator: for every ConfigMap with the label `workers: "true"` it keeps one Pod per entry, whose key is the Pod's name and whose value is
 * its image, and notes on the ConfigMap how many are ready. It knows no cluster but through the client that it is given.
 */
import { setTimeout } from 'node:timers/promises'
import { type ClusterClient, type ConfigMap, isAlreadyExists, isConflict, isNotFound, type Pod } from 'coxswain'

const workers = { label: 'workers', ownerLabel: 'workers-of', readyAnnotation: 'workers/ready' }
const retryMs = 1_000

export interface OperatorOptions {
  client: ClusterClient
  /** Waits before it tries again; in tests on the cluster's clock. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>
  onError?: (error: unknown) => void
}

/** Runs until the signal is aborted. Starting is recovering: it looks at all there is, whatever it missed. */
export async function runOperator(options: OperatorOptions, signal: AbortSignal): Promise<void> {
  const { client, sleep = (ms, ended) => setTimeout(ms, undefined, { signal: ended }), onError = () => {} } = options
  const due = new DueKeys()
  const tryAgain = async (key: string) => {
    await sleep(retryMs, signal)
    due.add(key)
  }
  const reconcileAll = async () => {
    for await (const key of due.taken(signal)) {
      try {
        await reconcile(client, key)
      } catch (error) {
        // Somebody else was faster: what they wrote wakes us. Everything else may get better with time.
        if (isConflict(error)) due.add(key)
        else {
          onError(error)
          tryAgain(key).catch(() => {})
        }
      }
    }
  }
  const follow = async (kind: 'ConfigMap' | 'Pod', labelSelector: string, keyOf: (object: ConfigMap | Pod) => string) => {
    while (!signal.aborted) {
      try {
        // What is there comes first, so nothing is missed between two watches.
        for await (const { type, object } of client.watch({ apiVersion: 'v1', kind, labelSelector }, { signal }))
          if (type !== 'BOOKMARK') due.add(keyOf(object as ConfigMap | Pod))
      } catch (error) {
        if (signal.aborted) return
        onError(error)
        await sleep(retryMs, signal).catch(() => {})
      }
    }
  }
  await Promise.all([
    reconcileAll(),
    follow('ConfigMap', `${workers.label}=true`, ({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    follow('Pod', workers.ownerLabel, ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[workers.ownerLabel]}`),
  ])
}

/** Brings the Pods of one ConfigMap nearer to what it says. What it changes comes back as an event, and so does the rest. */
async function reconcile(client: ClusterClient, key: string): Promise<void> {
  const [namespace = '', name = ''] = key.split('/')
  const map = await client.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name }).catch(unlessNotFound)
  const wanted = map?.metadata.labels?.[workers.label] === 'true' ? (map.data ?? {}) : {}
  const { items: pods } = await client.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: `${workers.ownerLabel}=${name}` })
  for (const pod of pods) {
    const isWanted = wanted[pod.metadata.name!] === pod.spec.containers[0]?.image
    if (!isWanted && pod.metadata.deletionTimestamp === undefined) await client.delete(pod).catch(unlessNotFound)
  }
  const there = new Set(pods.map(({ metadata }) => metadata.name))
  for (const [worker, image] of Object.entries(wanted)) {
    if (!there.has(worker)) await client.create(podOf(map!, worker, image)).catch(unlessAlreadyExists)
  }
  if (map !== undefined) await noteReady(client, map, pods.filter(isReady).length, Object.keys(wanted).length)
}

/** Replaces what was read, and nothing else: a conflict when somebody has changed it meanwhile. */
async function noteReady(client: ClusterClient, map: ConfigMap, ready: number, total: number): Promise<void> {
  const note = `${ready}/${total}`
  const { annotations = {} } = map.metadata
  if (annotations[workers.readyAnnotation] === note) return
  await client.update({ ...map, metadata: { ...map.metadata, annotations: { ...annotations, [workers.readyAnnotation]: note } } })
}

function podOf({ metadata }: ConfigMap, name: string, image: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: metadata.namespace, labels: { [workers.ownerLabel]: metadata.name! } },
    spec: { containers: [{ name: 'worker', image }] },
  }
}

function isReady({ metadata, status }: Pod): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'True' && metadata.deletionTimestamp === undefined
}

/** Names of ConfigMaps to look at, each once however often it was added. */
class DueKeys {
  readonly #keys = new Set<string>()
  #wake = () => {}

  add(key: string): void {
    this.#keys.add(key)
    this.#wake()
  }

  /** Ends when the signal is aborted. */
  async *taken(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      const [key] = this.#keys
      if (key === undefined) await new Promise<void>(resolve => (this.#wake = resolve))
      else if (this.#keys.delete(key)) yield key
    }
  }
}

function unlessNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error
}

function unlessAlreadyExists(error: unknown): void {
  if (!isAlreadyExists(error)) throw error
}
