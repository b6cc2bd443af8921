import { formatMicroTime } from '#apimachinery/meta/v1/time.ts'
import { isAlreadyExists, isConflict, isNotFound } from '#apimachinery/status/status.ts'
import type { Lease } from '#api/coordination/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
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

const namespace = 'kube-node-lease'
const retryBaseMs = 200

/** Says every few seconds that the node lives, at the price of one small write (KEP-589). */
export class NodeLease {
  readonly #options: NodeLeaseOptions
  #lease: Lease | undefined

  constructor(options: NodeLeaseOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    let failures = 0
    while (!signal.aborted) {
      let delayMs: number = limits.leaseRenewMs
      try {
        await this.#renew(signal)
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        this.#lease = undefined
        delayMs = Math.min(retryBaseMs * 2 ** failures++, limits.leaseRenewMs)
        log.warn('cannot renew the node lease', { error })
      }
      await clock.sleep(delayMs, signal).catch(() => {})
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
