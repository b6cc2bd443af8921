import type { Namespace, Node, Pod } from '#api/core/v1/types.gen.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { CRIError } from '#cri/error.ts'
import type { Cluster, ClusterTime } from '#cluster/index.ts'
import { stopsAtOnce } from './stop.ts'
import type { WriteLog } from './write-log.ts'

/** What a step of a simulation works with. */
export class World implements AsyncDisposable {
  /** May be replaced by a copy. */
  cluster: Cluster
  readonly log: WriteLog
  /** How the faults that last are undone, by what they did. */
  readonly faults = new Map<string, (cluster: Cluster) => void>()
  /** Whether requests are sent without waiting for what comes of them, so that they meet others. */
  isHasty = false
  /** Whether something happened that may end a container or a pod that would have gone on. */
  wasHurt = false

  /** Whether the API server restarts, or may, or is another one: it then knows nothing of the past. */
  serverRestarts = false
  readonly #sent: Promise<unknown>[] = []

  readonly #startMs: number
  #recording: Disposable | undefined

  constructor(cluster: Cluster, log: WriteLog) {
    this.cluster = cluster
    this.log = log
    this.#startMs = cluster.clock.now()
  }

  get clock(): ClusterTime {
    return this.cluster.clock
  }

  /** Milliseconds of the cluster's time since it was started. */
  get passedMs(): number {
    return this.clock.now() - this.#startMs
  }

  get pods(): Pod[] {
    return this.log.objects<Pod>('pods')
  }

  get nodes(): Node[] {
    return this.log.objects<Node>('nodes')
  }

  /** Names of the machines that are there, which may be others than the Node objects. */
  get machines(): string[] {
    return Array.from(this.cluster.nodes, ({ name }) => name)
  }

  /** Namespaces that are not being deleted, but for those of the system. */
  get namespaces(): string[] {
    return this.log
      .objects<Namespace>('namespaces')
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined && !metadata.name.startsWith('kube-'))
      .map(({ metadata }) => metadata.name)
  }

  /** Writes down what is written from now on, and what had been. */
  async record(): Promise<void> {
    const { cluster } = this
    this.#recording = await this.log.follow(cluster.storage, () => cluster.clock.now())
  }

  /** Another cluster, which is what this one was, takes its place. What happens in this one meanwhile is not written down. */
  async goOnAs(copy: (cluster: Cluster) => Promise<Cluster>): Promise<void> {
    await this.clock.settle()
    this.#recording?.[Symbol.dispose]()
    this.cluster = await copy(this.cluster)
    this.serverRestarts = true
    await this.record()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#recording?.[Symbol.dispose]()
    await stopsAtOnce(this.cluster)
  }

  /**
   * Sees a request through, while time goes on if it has to; in haste it is only sent.
   * @returns how it went: `done`, the server's reason for refusing it, or `sent`
   */
  async call(request: () => Promise<unknown>): Promise<string> {
    let outcome: string | undefined
    const seen = request().then(
      () => (outcome = 'done'),
      error => {
        outcome = refusalOf(error)
        if (outcome === undefined) throw error
      },
    )
    if (this.isHasty) {
      this.#sent.push(seen)
      return 'sent'
    }
    await this.#through(() => outcome !== undefined, seen)
    return outcome!
  }

  /** Resolves when all that was sent in haste is answered. @throws what is no answer of a server */
  async answers(): Promise<void> {
    const all = Promise.all(this.#sent)
    let areIn = false
    await this.#through(
      () => areIn,
      all.then(() => (areIn = true)),
    )
    this.#sent.length = 0
  }

  /** Lets time go on until it is done, or fails. */
  async #through(isDone: () => boolean, work: Promise<unknown>): Promise<void> {
    let failure: { error: unknown } | undefined
    work.catch(error => (failure = { error }))
    await this.cluster.clock.runUntil(() => failure !== undefined || isDone(), { timeout: '10m' })
    if (failure !== undefined) throw failure.error
  }
}

/** Why somebody refused a request, or left it unanswered; undefined for what is no answer of theirs. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof StatusError) return error.reason
  if (error instanceof CRIError) return error.code
  return error instanceof ConnectionLostError ? 'no answer' : undefined
}
