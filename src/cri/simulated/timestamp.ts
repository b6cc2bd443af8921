/** One in 4096 of a millisecond: the smallest step that numbers of today's size keep exactly. */
const stepMs = 2 ** -12

/** Gives times that only grow, so that what happens within one millisecond (or while virtual time stands still) keeps its order. */
export class Timestamps {
  #lastMs: number

  /** @param lastMs `lastMs` of others that these take the place of */
  constructor(lastMs = 0) {
    this.#lastMs = lastMs
  }

  /** The last one given. */
  get lastMs(): number {
    return this.#lastMs
  }

  /** Milliseconds since 1970, with fractions. */
  next(nowMs: number): number {
    this.#lastMs = Math.max(nowMs, this.#lastMs + stepMs)
    return this.#lastMs
  }
}

/** The CRI's form of a time: nanoseconds since 1970, 0 for never. */
export function toNanoseconds(ms: number): bigint {
  const whole = Math.floor(ms)
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6))
}

/** RFC 3339 with as many digits after the second as needed. */
export function formatTimestamp(ms: number): string {
  const whole = Math.floor(ms)
  const text = new Date(whole).toISOString()
  const nanoseconds = String(Math.round((ms - whole) * 1e6)).padStart(6, '0')
  const fraction = (text.slice(20, 23) + nanoseconds).replace(/0+$/, '')
  return `${text.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}Z`
}
