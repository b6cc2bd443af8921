import type { Namespace, Node, Pod } from '#api/core/v1/types.gen.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import type { VirtualClock } from '#base/clock.ts'
import { ConnectionLostError } from '#client/transport.ts'
import { CRIError } from '#cri/error.ts'
import type { Cluster } from '#cluster/index.ts'
import type { WriteLog } from './write-log.ts'

/** What a step of a simulation works with. */
export class World {
  readonly cluster: Cluster
  readonly clock: VirtualClock
  readonly log: WriteLog
  /** How the faults that last are undone, by what they did. */
  readonly faults = new Map<string, () => void>()
  /** Whether requests are sent without waiting for what comes of them, so that they meet others. */
  isHasty = false
  /** Whether something happened that may end a container or a pod that would have gone on. */
  wasHurt = false

  /** Whether the API server restarts, or may: it then knows nothing of the past. */
  serverRestarts = false
  readonly #sent: Promise<unknown>[] = []

  constructor(parts: { cluster: Cluster; clock: VirtualClock; log: WriteLog }) {
    this.cluster = parts.cluster
    this.clock = parts.clock
    this.log = parts.log
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
