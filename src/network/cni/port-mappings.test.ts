import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planRemoval } from './port-mappings.ts'

const base = [{ chain: { name: 'PREROUTING', hook: 'prerouting' } }, { chain: { name: 'POSTROUTING', hook: 'postrouting' } }]
const shared = [{ chain: { name: 'CNI-HOSTPORT-DNAT' } }, { chain: { name: 'CNI-HOSTPORT-MASQ' } }]
const jump = { rule: { chain: 'PREROUTING', handle: 7, expr: [{}, { jump: { target: 'CNI-HOSTPORT-DNAT' } }] } }
const inUse = { rule: { chain: 'CNI-HOSTPORT-DNAT', handle: 9, expr: [{ jump: { target: 'CNI-DN-1' } }] } }
const masquerade = { rule: { chain: 'CNI-HOSTPORT-MASQ', handle: 11, expr: [{}] } }
const others = { rule: { chain: 'POSTROUTING', handle: 3, expr: [{}] } }
const chains = [
  'delete rule ip nat PREROUTING handle 7',
  'flush chain ip nat CNI-HOSTPORT-DNAT',
  'flush chain ip nat CNI-HOSTPORT-MASQ',
  'delete chain ip nat CNI-HOSTPORT-DNAT',
  'delete chain ip nat CNI-HOSTPORT-MASQ',
]

const cases = [
  {
    name: 'the table came with us and holds nothing else → the table goes',
    listed: [...base, ...shared, jump, masquerade],
    removeTable: true,
    want: ['delete table ip nat'],
  },
  {
    name: 'the table was there before → only the chains go',
    listed: [...base, ...shared, jump, masquerade],
    removeTable: false,
    want: chains,
  },
  { name: 'somebody else has a rule → only the chains go', listed: [...base, ...shared, jump, others], removeTable: true, want: chains },
  { name: 'a host port is in use → nothing', listed: [...base, ...shared, jump, inUse], removeTable: true, want: [] },
]
for (const { name, listed, removeTable, want } of cases)
  test(`planRemoval: ${name}`, () => assert.deepEqual(planRemoval('ip', listed, removeTable), want))
