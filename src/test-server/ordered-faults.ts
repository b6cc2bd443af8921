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
  #faults = new Map<string, { fault: string; order: Fault }>()
  #count = 0

  /** The same names. @param find what became of each in another cluster; undefined for what will not happen there any more */
  static copyOf(other: OrderedFaults, find: (order: Fault) => Fault | undefined): OrderedFaults {
    const copy = new OrderedFaults()
    copy.replace(other, find)
    return copy
  }

  /** Takes over what another one has; nothing else stays. */
  replace(other: OrderedFaults, find: (order: Fault) => Fault | undefined): void {
    this.#count = other.#count
    this.#faults = new Map([...other.#faults].map(([id, { fault, order }]) => [id, { fault, order: find(order) ?? settled(order) }]))
  }

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

/** One that does not happen any more, wherever it was ordered. */
function settled({ hits }: Fault): Fault {
  return { hits, [Symbol.dispose]: () => {} }
}
