import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MachineFacts, requireMachine } from './require-machine.ts'

const good: MachineFacts = { count: 1, isVirtual: false, platform: 'linux', isRoot: true, missingPackages: [] }

test('requireMachine: one node, the real clock, Linux, root and all packages → nothing to say', () => requireMachine(good))

const cases: { name: string; facts: Partial<MachineFacts>; want: RegExp }[] = [
  { name: 'two', facts: { count: 2 }, want: /this machine can be only one; let the others be simulated$/ },
  { name: 'virtual time', facts: { isVirtual: true }, want: /programs need real time; leave clock: 'virtual' out$/ },
  { name: 'another system', facts: { platform: 'darwin' }, want: /they need Linux; let it be simulated$/ },
  { name: 'not root', facts: { isRoot: false }, want: /only root can; run the program as root, or let the node be simulated$/ },
  { name: 'packages', facts: { missingPackages: ['runc', 'nftables'] }, want: /lacks the Debian packages runc, nftables; install them$/ },
]
for (const { name, facts, want } of cases)
  test(`requireMachine: ${name} → why, and what to do`, () => {
    assert.throws(() => requireMachine({ ...good, ...facts }), want)
  })
