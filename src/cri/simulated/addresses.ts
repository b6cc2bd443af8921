import { type CIDR, formatIPv4 } from '#base/cidr.ts'
import { CRIError } from '../error.ts'
import type { SimulatedNetwork } from './network.ts'

/** Network address and gateway come first in a range, the broadcast address last. */
const firstUsable = 2

/** Gives a node's pods their addresses, each time the next one, so that an address is not used again soon. */
export class AddressPool {
  #last: number

  /** @param last `last` of a pool that this one takes the place of */
  constructor(last = firstUsable - 1) {
    this.#last = last
  }

  /** @throws CRIError when all are in use, or the network is not there yet */
  take(cidr: CIDR | undefined, network: SimulatedNetwork, sandboxID: string): string {
    const failure = (why: string) => new CRIError('Unknown', `failed to setup network for sandbox "${sandboxID}": ${why}`)
    if (cidr === undefined) throw failure('cni plugin not initialized')
    const lastUsable = 2 ** (32 - cidr.prefixLength) - 2
    for (let index = this.#next(this.#last, lastUsable), tried = firstUsable; tried <= lastUsable; tried++) {
      const address = formatIPv4(cidr.first + index)
      if (!network.isTaken(address)) {
        this.#last = index
        return address
      }
      index = this.#next(index, lastUsable)
    }
    const range = `${formatIPv4(cidr.first + 1)}-${formatIPv4(cidr.first + lastUsable)}`
    throw failure(`no IP addresses available in range set: ${range}`)
  }

  /** The place of the address that was taken last. */
  get last(): number {
    return this.#last
  }

  #next(index: number, lastUsable: number): number {
    return index >= lastUsable ? firstUsable : index + 1
  }
}
