import type { Random } from '#base/random.ts'
import { findFree, staticPart } from './ip-allocator.ts'

export interface PortRange {
  from: number
  /** Included. */
  to: number
}

/** The node ports, in memory. */
export class PortAllocator {
  readonly #range: PortRange
  readonly #taken = new Set<number>()

  constructor(range: PortRange) {
    this.#range = range
  }

  /** @returns what is wrong, or undefined when the port was free */
  take(port: number): string | undefined {
    const { from, to } = this.#range
    if (port < from || port > to) return `provided port is not in the valid range. The range of valid ports is ${from}-${to}`
    if (this.#taken.has(port)) return 'provided port is already allocated'
    this.#taken.add(port)
    return undefined
  }

  takeNext(random: Random): number | undefined {
    const { from, to } = this.#range
    const reserved = from + staticPart(to - from + 1, { min: 16, max: 128, step: 32 })
    const port = findFree(this.#taken, reserved, to + 1, random) ?? findFree(this.#taken, from, reserved, random)
    if (port !== undefined) this.#taken.add(port)
    return port
  }

  release(port: number): void {
    this.#taken.delete(port)
  }

  clear(): void {
    this.#taken.clear()
  }
}
