import type { Pod } from '#api/core/v1/types.gen.ts'
import type { LoadClient } from './load-client.ts'

const podsPath = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

export type PodEvent = { type: string; object: Pod }

/** Follows the pods of a namespace from now on. Each `until` looks at the newest state of a pod, now and at every event. */
export class PodWatch {
  readonly #newest = new Map<string, PodEvent>()
  readonly #waiting = new Set<() => void>()
  #rest = ''

  static async start(client: LoadClient, namespace: string): Promise<PodWatch> {
    const { body } = await client.get(0, `${podsPath(namespace)}?limit=1`)
    const { metadata } = JSON.parse(body.toString()) as { metadata: { resourceVersion: string } }
    const watch = new PodWatch()
    const path = `${podsPath(namespace)}?watch=true&resourceVersion=${metadata.resourceVersion}`
    client.follow(0, path, chunk => watch.#onChunk(chunk))
    return watch
  }

  /** Resolves with the time (`performance.now()`) at which the condition was seen to hold. */
  until(name: string, condition: (event: PodEvent) => boolean, limitMs = 60_000): Promise<number> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const look = () => {
        const event = this.#newest.get(name)
        if (event === undefined || !condition(event)) return
        stop()
        resolve(performance.now())
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`pod ${name} is not so far: ${JSON.stringify(this.#newest.get(name)?.object.status)}`))
      }, limitMs)
      this.#waiting.add(look)
      look()
    })
  }

  #onChunk(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString()).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) {
      const event = JSON.parse(line) as PodEvent
      this.#newest.set(event.object.metadata.name, event)
    }
    for (const look of [...this.#waiting]) look()
  }
}

export function isRunning({ object }: PodEvent): boolean {
  const { phase, containerStatuses = [] } = object.status ?? {}
  return phase === 'Running' && containerStatuses.length > 0 && containerStatuses.every(({ state }) => state?.running !== undefined)
}

export const isDeleted = ({ type }: PodEvent) => type === 'DELETED'

export async function createPod(client: LoadClient, pod: Pod): Promise<void> {
  await client.create(0, podsPath(pod.metadata.namespace!), pod)
}

/** Deletes a pod and resolves when it has gone. */
export async function deletePod(client: LoadClient, namespace: string, name: string): Promise<void> {
  const watch = await PodWatch.start(client, namespace)
  await client.delete(0, `${podsPath(namespace)}/${name}`, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 5 })
  await watch.until(name, isDeleted)
}
