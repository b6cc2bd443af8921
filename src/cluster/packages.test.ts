import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingPackages, neededPackages } from './packages.ts'

const everything = new Set(neededPackages.flatMap(({ brings }) => brings))
const cases = [
  { name: 'everything is there → nothing', there: everything, want: [] },
  { name: 'an empty machine → all of them', there: new Set<string>(), want: neededPackages.map(({ name }) => name) },
  { name: 'one of two places is enough', there: everything.difference(new Set(['/usr/lib/cni/bridge'])), want: [] },
  { name: 'one program is missing → its package', there: everything.difference(new Set(['nft'])), want: ['nftables'] },
]
for (const { name, there, want } of cases)
  test(`missingPackages: ${name}`, () => {
    assert.deepEqual(
      missingPackages(what => there.has(what)),
      want,
    )
  })
