import { formatMicroTime } from '#apimachinery/meta/v1/time.ts'
import { isAlreadyExists, isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { Lease } from '#api/coordination/v1/types.gen.ts'
import type { Clock, Due } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Pause } from '#base/pause.ts'
import type { Client } from '#client/client.ts'
import { limits } from '../limits.ts'

export interface NodeLeaseOptions {
  nodeName: string
  client: Client
  clock: Clock
  log: Logger
  /** UID of the Node object, which owns the lease; undefined while it is not known. */
  nodeUID: () => string | undefined
}

/** Where renewal stands. */
export interface NodeLeaseState {
  lease: Lease | undefined
  failures: number
  /** Of the next renewal; undefined: now. */
  due: Due | undefined
}

const namespace = 'kube-node-lease'
const retryBaseMs = 200

/** Says every few seconds that the node lives, at the price of one small write (KEP-589). */
export class NodeLease {
  readonly #options: NodeLeaseOptions
  readonly #pause: Pause
  #lease: Lease | undefined
  #failures: number
  #due: Due | undefined

  /** @param state of a lease that this one takes the place of */
  constructor(options: NodeLeaseOptions, state?: NodeLeaseState) {
    this.#options = options
    this.#pause = new Pause(options.clock)
    this.#lease = state?.lease
    this.#failures = state?.failures ?? 0
    this.#due = state?.due
  }

  get state(): NodeLeaseState {
    return { lease: this.#lease, failures: this.#failures, due: this.#pause.due }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    if (this.#due !== undefined) await this.#pause.wait(this.#due, signal)
    while (!signal.aborted) {
      let delayMs: number = limits.leaseRenewMs
      try {
        await this.#renew(signal)
        this.#failures = 0
      } catch (error) {
        if (signal.aborted) return
        this.#lease = undefined
        delayMs = Math.min(retryBaseMs * 2 ** this.#failures++, limits.leaseRenewMs)
        log.warn('cannot renew the node lease', { error })
      }
      await this.#pause.wait(delayMs, signal)
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options
    if (this.#lease === undefined) this.#lease = await this.#getOrCreate(signal)
    const renewed = { ...this.#lease, spec: this.#spec() }
    try {
      this.#lease = await client.update(renewed, signal)
    } catch (error) {
      if (!isConflict(error)) throw error
      const { metadata } = await client.get<Lease>({ apiVersion: this.#lease.apiVersion, kind: 'Lease', namespace, name: nodeName }, signal)
      this.#lease = await client.update({ ...renewed, metadata }, signal)
    }
  }

  async #getOrCreate(signal: AbortSignal): Promise<Lease> {
    const { client, nodeName, nodeUID } = this.#options
    const type = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
    try {
      return await client.get<Lease>({ ...type, namespace, name: nodeName }, signal)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    const uid = nodeUID()
    const ownerReferences = uid === undefined ? undefined : [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }]
    try {
      return await client.create<Lease>({ ...type, metadata: { name: nodeName, namespace, ownerReferences }, spec: this.#spec() }, signal)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      return client.get<Lease>({ ...type, namespace, name: nodeName }, signal)
    }
  }

  #spec(): Lease['spec'] {
    const { nodeName, clock } = this.#options
    return { holderIdentity: nodeName, leaseDurationSeconds: limits.leaseDurationSeconds, renewTime: formatMicroTime(clock.now()) }
  }
}
