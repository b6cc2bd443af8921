import type { Invariant } from './invariant.ts'

const recentMs = 60_000
/** A pod that waits for its next try, and one that crashes, write now and then. */
const writesMax = 20

/** A cluster in which nothing changes any more does not write: no loop feeds itself. */
export function nobodyWritesInCircles(): Invariant {
  return {
    name: 'nobody writes in circles',
    *whenSettled({ log, clock }) {
      const since = clock.now() - recentMs
      const counts = new Map<string, number>()
      for (let index = log.writes.length - 1; index >= 0; index--) {
        const { atMs, key } = log.writes[index]!
        if (atMs < since) break
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      for (const [key, count] of counts) if (count > writesMax) yield `${key} was written ${count} times in a minute`
    },
  }
}

/** Of one object, as the correlation of events promises: a burst, then one each five minutes, from each who speaks of it. */
const eventsMax = 150

export function eventsAreBounded(): Invariant {
  return {
    name: 'events of an object are few',
    *whenSettled({ log }) {
      const counts = new Map<string, number>()
      for (const { involvedObject } of log.objects<import('#api/core/v1/types.gen.ts').Event>('events')) {
        const about = `${involvedObject.kind} ${involvedObject.namespace}/${involvedObject.name} ${involvedObject.uid}`
        counts.set(about, (counts.get(about) ?? 0) + 1)
      }
      for (const [about, count] of counts) if (count > eventsMax) yield `${count} events about ${about}`
    },
  }
}
