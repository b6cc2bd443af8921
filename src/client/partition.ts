import { ConnectionLostError, type Transport, type TransportRequest, type TransportResponse, type WatchFrame } from './transport.ts'

/** Somebody who knows only what was told before the network was cut. */
export interface CutOff {
  cut(): void
  healed(): void
}

/** The network between the API server and one of its clients of this process. */
export class Partition {
  #healed: PromiseWithResolvers<void> | undefined
  /** Replaced as a whole. */
  #members: readonly CutOff[] = []

  get isCut(): boolean {
    return this.#healed !== undefined
  }

  /** Resolves when the network is there. */
  get whenHealed(): Promise<void> {
    return this.#healed?.promise ?? Promise.resolve()
  }

  /** Nothing gets through any more. Idempotent. */
  cut(): void {
    if (this.isCut) return
    this.#healed = Promise.withResolvers()
    for (const member of this.#members) member.cut()
  }

  /** Idempotent. */
  heal(): void {
    const healed = this.#healed
    if (healed === undefined) return
    this.#healed = undefined
    for (const member of this.#members) member.healed()
    healed.resolve()
  }

  /** Tells somebody of each cut to come, until `forget`. */
  tell(member: CutOff): void {
    this.#members = this.#members.concat(member)
  }

  forget(member: CutOff): void {
    this.#members = this.#members.filter(other => other !== member)
  }
}

/** A transport over a network that can be cut: requests then get no answer, also those under way; watches break. */
export class PartitionedTransport implements Transport {
  readonly #transport: Transport
  readonly #partition: Partition

  constructor(transport: Transport, partition: Partition) {
    this.#transport = transport
    this.#partition = partition
  }

  async request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse> {
    this.#check()
    try {
      return await this.#transport.request(request, signal)
    } finally {
      // What the server refuses in the meantime is not heard either.
      this.#check()
    }
  }

  async *watch(request: TransportRequest, signal: AbortSignal): AsyncGenerator<readonly WatchFrame[], void, undefined> {
    this.#check()
    const end = new AbortController()
    const member = { cut: () => end.abort(new ConnectionLostError()), healed() {} }
    this.#partition.tell(member)
    try {
      yield* this.#transport.watch(request, AbortSignal.any([signal, end.signal]))
    } finally {
      this.#partition.forget(member)
    }
  }

  #check(): void {
    if (this.#partition.isCut) throw new ConnectionLostError()
  }
}
