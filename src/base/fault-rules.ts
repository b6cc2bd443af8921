/** Which of the calls that a fault concerns it happens to. */
export interface Occurrences {
  /** The first of them: 1, the next one, when left out. */
  nth?: number
  /** So many in a row; 1 when left out, `Infinity` until the fault is taken back. */
  times?: number
}

/** A fault that was ordered. Disposing it takes it back. */
export interface Fault extends Disposable {
  /** How often it has happened. */
  readonly hits: number
}

interface Rule<Call, Effect> {
  concerns: (call: Call) => boolean
  effect: Effect
  toSkip: number
  left: number
  hits: number
}

/** The faults that are ordered at one seam: what happens to which call, and how often. */
export class FaultRules<Call, Effect> {
  #rules: readonly Rule<Call, Effect>[] = []

  /** Nothing is ordered: no call needs to be looked at. */
  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  add(concerns: (call: Call) => boolean, effect: Effect, { nth = 1, times = 1 }: Occurrences = {}): Fault {
    const rule = { concerns, effect, toSkip: nth - 1, left: times, hits: 0 }
    this.#rules = [...this.#rules, rule]
    return {
      get hits() {
        return rule.hits
      },
      [Symbol.dispose]: () => this.#remove(rule),
    }
  }

  /** The same faults, each as far as it has come. What takes one back here does not there. */
  copy(): FaultRules<Call, Effect> {
    const copy = new FaultRules<Call, Effect>()
    copy.#rules = this.#rules.map(rule => ({ ...rule }))
    return copy
  }

  /** Counts one more call. @returns what happens to it, in the order in which it was ordered */
  due(call: Call): Effect[] {
    return this.#rules.filter(rule => rule.concerns(call) && this.#isDue(rule)).map(({ effect }) => effect)
  }

  clear(): void {
    this.#rules = []
  }

  #isDue(rule: Rule<Call, Effect>): boolean {
    if (rule.toSkip > 0) {
      rule.toSkip--
      return false
    }
    if (rule.left <= 0) return false
    rule.hits++
    if (--rule.left <= 0) this.#remove(rule)
    return true
  }

  #remove(rule: Rule<Call, Effect>): void {
    this.#rules = this.#rules.filter(other => other !== rule)
  }
}
