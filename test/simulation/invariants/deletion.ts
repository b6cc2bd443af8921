import type { Namespace } from '#api/core/v1/types.gen.ts'
import type { World } from '../world.ts'
import type { Invariant } from './invariant.ts'

/** What was deleted goes within its grace period and a little more, and nothing is left that waits for it. */
export function everythingIsGone(): Invariant {
  return {
    name: 'deleted is gone',
    *whenEmpty(world) {
      for (const { metadata } of world.pods) yield `pod ${metadata.namespace}/${metadata.name} is still there`
      for (const { metadata } of world.log.objects<Namespace>('namespaces'))
        if (metadata.name.startsWith('team-')) yield `namespace ${metadata.name} is still there`
      yield* excessTimers(world)
    },
  }
}

/** A quiet machine needs about ten: leases, status, lists, probes of itself. */
const timersPerMachine = 12
const timersOfTheServer = 30

function* excessTimers({ clock, machines }: World): Iterable<string> {
  const expected = timersOfTheServer + timersPerMachine * machines.length
  if (clock.waiting > expected) yield `${clock.waiting} timers wait, ${expected} are enough`
}
