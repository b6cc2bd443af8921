import type { Fault } from '#base/fault-rules.ts'

export interface OrderedFault {
  id: string
  /** What was ordered: `requests/fail`. */
  fault: string
  /** How often it has happened. */
  hits: number
}

/** Faults that were ordered through the control API, by a name that can be said in JSON. */
export class OrderedFaults {
  readonly #faults = new Map<string, { fault: string; order: Fault }>()
  #count = 0

  add(fault: string, order: Fault): OrderedFault {
    const id = String(++this.#count)
    this.#faults.set(id, { fault, order })
    return { id, fault, hits: order.hits }
  }

  /** In the order in which they were ordered; those that will not happen any more included. */
  list(): OrderedFault[] {
    return [...this.#faults].map(([id, { fault, order }]) => ({ id, fault, hits: order.hits }))
  }

  /** @returns as it was; undefined when there is none */
  takeBack(id: string): OrderedFault | undefined {
    const found = this.#faults.get(id)
    if (found === undefined) return undefined
    this.#faults.delete(id)
    found.order[Symbol.dispose]()
    return { id, fault: found.fault, hits: found.order.hits }
  }

  /** @returns as they were */
  clear(): OrderedFault[] {
    return this.list().map(({ id }) => this.takeBack(id)!)
  }
}
