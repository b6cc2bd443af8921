import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ControllerSelection, selectControllers } from './selection.ts'

const known = ['a', 'b', 'c'] as const
type Name = (typeof known)[number]

const cases: { selection: ControllerSelection<Name>[]; want: Name[] }[] = [
  { selection: ['*'], want: ['a', 'b', 'c'] },
  { selection: [], want: [] },
  { selection: ['b'], want: ['b'] },
  { selection: ['*', '-b'], want: ['a', 'c'] },
  { selection: ['-b'], want: [] },
  { selection: ['-a', '*', 'a'], want: ['b', 'c'] },
  { selection: ['c', '-c'], want: ['c'] },
]
for (const { selection, want } of cases)
  test(`controllers: ${JSON.stringify(selection)} → ${want.join(', ') || 'none'}`, () => {
    assert.deepEqual(selectControllers(selection, known), want)
  })

for (const wrong of ['d', '-d', '-*', ''])
  test(`controllers: "${wrong}" → an error that names those there are`, () => {
    assert.throws(() => selectControllers([wrong as Name], known), /is not in the list of known controllers: a, b, c$/)
  })
