import { requireKnownFields } from './known-fields.ts'

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
  /** The same in copies. */
  readonly order: object
  concerns: (call: Call) => boolean
  effect: Effect
  toSkip: number
  left: number
  hits: number
}

const orders = new WeakMap<Fault, object>()

/** The faults that are ordered at one seam: what happens to which call, and how often. */
export class FaultRules<Call, Effect> {
  #rules: readonly Rule<Call, Effect>[] = []

  /** Nothing is ordered: no call needs to be looked at. */
  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** @throws TypeError, RangeError for occurrences that make no sense */
  add(concerns: (call: Call) => boolean, effect: Effect, occurrences: Occurrences = {}): Fault {
    requireKnownFields('how often a fault happens', occurrences, ['nth', 'times'])
    const { nth = 1, times = 1 } = occurrences
    requireCount('nth', nth, 1)
    if (times !== Number.POSITIVE_INFINITY) requireCount('times', times, 0)
    const rule = { order: {}, concerns, effect, toSkip: nth - 1, left: times, hits: 0 }
    this.#rules = [...this.#rules, rule]
    return this.#faultOf(rule)
  }

  /** The same faults, each as far as it has come. What takes one back here does not there. */
  copy(): FaultRules<Call, Effect> {
    const copy = new FaultRules<Call, Effect>()
    copy.replace(this)
    return copy
  }

  /** Copies those of another; no others stay. */
  replace(other: FaultRules<Call, Effect>): void {
    this.#rules = other.#rules.map(rule => ({ ...rule }))
  }

  /** Forgets those with other effects. */
  keep(isKept: (effect: Effect) => boolean): void {
    this.#rules = this.#rules.filter(({ effect }) => isKept(effect))
  }

  /** What became here of a fault that was ordered where this is a copy of; undefined when it will not happen any more. */
  find(fault: Fault): Fault | undefined {
    const order = orders.get(fault)
    const rule = this.#rules.find(each => each.order === order)
    return rule && this.#faultOf(rule)
  }

  /** Counts one more call. @returns what happens to it, in the order in which it was ordered */
  due(call: Call): Effect[] {
    return this.#rules.filter(rule => rule.concerns(call) && this.#isDue(rule)).map(({ effect }) => effect)
  }

  clear(): void {
    this.#rules = []
  }

  #faultOf(rule: Rule<Call, Effect>): Fault {
    const fault: Fault = {
      get hits() {
        return rule.hits
      },
      [Symbol.dispose]: () => this.#remove(rule),
    }
    orders.set(fault, rule.order)
    return fault
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

function requireCount(name: string, value: number, min: number): void {
  if (!(Number.isInteger(value) && value >= min)) throw new RangeError(`${name} must be a whole number from ${min} on, not ${value}`)
}
