import { formatMicroTime } from '#apimachinery/meta/v1/time.ts'
import { isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { Lease } from '#api/coordination/v1/types.gen.ts'
import { abortable } from '#base/abortable.ts'
import type { Clock, Due } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Rounds } from '#base/rounds.ts'
import type { Client } from '#client/client.ts'
import { limits } from '../limits.ts'

export interface NodeLeaseOptions {
  nodeName: string
  client: Client
  clock: Clock
  log: Logger
  /** The Node object, which owns the lease. */
  node: {
    /** Resolves when it is there. */
    readonly registered: Promise<void>
    /** Undefined while it is not there. */
    readonly uid: string | undefined
  }
}

/** Where renewal stands. */
export interface NodeLeaseState {
  lease: Lease | undefined
  failures: number
  /** Of the next renewal; undefined: now. */
  due: Due | undefined
}

const type = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } as const
const namespace = 'kube-node-lease'
const retryBaseMs = 200

/** Says every few seconds that the node lives, at the price of one small write (KEP-589). */
export class NodeLease {
  readonly #options: NodeLeaseOptions
  readonly #rounds: Rounds
  #lease: Lease | undefined
  #failures: number
  readonly #due: Due | undefined

  /** @param state of a lease that this one takes the place of */
  constructor(options: NodeLeaseOptions, state?: NodeLeaseState) {
    this.#options = options
    this.#rounds = new Rounds(options.clock, signal => this.#round(signal))
    this.#lease = state?.lease
    this.#failures = state?.failures ?? 0
    this.#due = state?.due
  }

  get state(): NodeLeaseState {
    return { lease: this.#lease, failures: this.#failures, due: this.#rounds.due }
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#rounds.run(signal, this.#due)
  }

  async #round(signal: AbortSignal): Promise<number> {
    try {
      await this.#renew(signal)
      this.#failures = 0
      return limits.leaseRenewMs
    } catch (error) {
      if (signal.aborted) throw error
      this.#lease = undefined
      this.#options.log.warn('cannot renew the node lease', { error })
      return Math.min(retryBaseMs * 2 ** this.#failures++, limits.leaseRenewMs)
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options
    this.#lease ??= await this.#find(signal)
    if (this.#lease === undefined) {
      this.#lease = await this.#create(signal)
      return
    }
    const renewed = { ...this.#lease, metadata: this.#owned(this.#lease.metadata), spec: this.#spec() }
    try {
      this.#lease = await client.update(renewed, signal)
    } catch (error) {
      if (!isConflict(error)) throw error
      const { metadata } = await client.get<Lease>({ ...type, namespace, name: nodeName }, signal)
      this.#lease = await client.update({ ...renewed, metadata: this.#owned(metadata) }, signal)
    }
  }

  async #find(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get<Lease>({ ...type, namespace, name: this.#options.nodeName }, signal)
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }

  /** As new as a renewed one. Without its owner it would outlive the node. */
  async #create(signal: AbortSignal): Promise<Lease> {
    const { client, nodeName, node } = this.#options
    if (node.uid === undefined) await abortable(node.registered, signal)
    const metadata = this.#owned({ name: nodeName, namespace })
    return client.create<Lease>({ ...type, metadata, spec: this.#spec() }, signal)
  }

  /** The same with the Node as owner, unless it has one or the Node is not there. */
  #owned(metadata: Lease['metadata']): Lease['metadata'] {
    const { nodeName, node } = this.#options
    const { uid } = node
    if (uid === undefined || (metadata.ownerReferences?.length ?? 0) > 0) return metadata
    return { ...metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }] }
  }

  #spec(): Lease['spec'] {
    const { nodeName, clock } = this.#options
    return { holderIdentity: nodeName, leaseDurationSeconds: limits.leaseDurationSeconds, renewTime: formatMicroTime(clock.now()) }
  }
}
