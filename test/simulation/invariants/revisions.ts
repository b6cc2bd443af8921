import type { Invariant } from './invariant.ts'

/** One counter for the whole store, without gap or repeat. */
export function revisionsIncrease(): Invariant {
  let last: number | undefined
  return {
    name: 'revisions increase by one',
    onWrite({ revision }) {
      const expected = last === undefined ? revision : last + 1
      last = revision
      return revision === expected ? undefined : `revision ${revision} comes where ${expected} should`
    },
  }
}
