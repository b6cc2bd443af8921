import { assert } from '#base/assert.ts'
import type { Random } from '#base/random.ts'
import { ipText, maskedBytes, parseCIDR, parseIP } from '#apimachinery/validation/names.ts'

/** More addresses than this are never handed out of one range: IPv6 ranges have no end. */
const addressesMax = 2 ** 16

/** The addresses of a service range, in memory: which are taken, and the next free one. */
export class IPAllocator {
  readonly cidr: string
  readonly family: 'IPv4' | 'IPv6'
  readonly #base: bigint
  readonly #byteCount: number
  readonly #size: number
  readonly #taken = new Set<number>()

  /** @throws TypeError for what is no range, or one without room */
  constructor(cidr: string) {
    const parsed = parseCIDR(cidr)
    if (parsed === undefined) throw new TypeError(`service range ${cidr} is no CIDR`)
    const base = maskedBytes(parsed)
    this.cidr = `${ipText(base)}/${parsed.prefixLength}`
    this.#byteCount = base.length
    this.family = base.length === 4 ? 'IPv4' : 'IPv6'
    const total = 2 ** Math.min(base.length * 8 - parsed.prefixLength, 32)
    // Neither the network's own address nor, in IPv4, the broadcast address is for services.
    this.#size = Math.min(this.family === 'IPv4' ? total - 2 : total - 1, this.family === 'IPv4' ? 2 ** 32 : addressesMax)
    if (this.#size < 1) throw new TypeError(`service range ${cidr} has no room for services`)
    this.#base = toNumber(base) + 1n
  }

  /** The first address, which is the API server's own. */
  get first(): string {
    return this.#textOf(0)
  }

  /** Takes that address. @returns what is wrong, or undefined when it was free */
  take(address: string): string | undefined {
    const index = this.#indexOf(address)
    if (index === undefined) return `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.cidr}`
    if (this.#taken.has(index)) return 'provided IP is already allocated'
    this.#taken.add(index)
    return undefined
  }

  /** Takes a free address: from the upper part of the range, as long as it has any, so that the lower stays for wishes (KEP-3070). */
  takeNext(random: Random): string | undefined {
    const reserved = staticPart(this.#size, { min: 16, max: 256, step: 16 })
    const index = findFree(this.#taken, reserved, this.#size, random) ?? findFree(this.#taken, 0, reserved, random)
    if (index === undefined) return undefined
    this.#taken.add(index)
    return this.#textOf(index)
  }

  release(address: string): void {
    const index = this.#indexOf(address)
    if (index !== undefined) this.#taken.delete(index)
  }

  clear(): void {
    this.#taken.clear()
  }

  #indexOf(address: string): number | undefined {
    const bytes = parseIP(address)?.bytes
    if (bytes === undefined || bytes.length !== this.#byteCount) return undefined
    const offset = toNumber(bytes) - this.#base
    return offset >= 0n && offset < BigInt(this.#size) ? Number(offset) : undefined
  }

  #textOf(index: number): string {
    assert(index < this.#size, 'a service address is inside its range')
    return ipText(toBytes(this.#base + BigInt(index), this.#byteCount))
  }
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

function toBytes(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Number((value >> BigInt(8 * (count - 1 - index))) & 255n))
}

/** How much of a range is left for addresses or ports that users name. */
export function staticPart(size: number, { min, max, step }: { min: number; max: number; step: number }): number {
  if (size < min) return 0
  return Math.min(Math.max(Math.floor(size / step), min), max, size)
}

/** A free index from `from` to `to`, beginning the search somewhere at random. */
export function findFree(taken: ReadonlySet<number>, from: number, to: number, random: Random): number | undefined {
  const count = to - from
  const start = Math.floor(random.next() * count)
  for (let step = 0; step < count; step++) {
    const index = from + ((start + step) % count)
    if (!taken.has(index)) return index
  }
  return undefined
}
