import type { Random } from '#base/random.ts'

/** A whole number from `from` to `to`, both included. */
export function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random.next() * (to - from + 1))
}

export function chance(random: Random, probability: number): boolean {
  return random.next() < probability
}

/** @throws Error when there is nothing to choose from */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  if (list.length === 0) throw new Error('nothing to choose from')
  return list[Math.floor(random.next() * list.length)]!
}

/** One of the entries, each as often as its weight says. */
export function weighted<T extends { weight: number }>(random: Random, list: readonly T[]): T {
  let left = random.next() * list.reduce((sum, { weight }) => sum + weight, 0)
  return list.find(({ weight }) => (left -= weight) < 0) ?? list.at(-1)!
}
