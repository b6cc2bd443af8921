import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statusPatch } from './status-manager.ts'

const ready = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'x' }

const cases: { name: string; from: Parameters<typeof statusPatch>[0]; to: Parameters<typeof statusPatch>[1]; want: unknown }[] = [
  {
    name: 'the same',
    from: { phase: 'Running', hostIPs: [{ ip: '192.0.2.1' }] },
    to: { hostIPs: [{ ip: '192.0.2.1' }], phase: 'Running' },
    want: undefined,
  },
  { name: 'a change', from: { phase: 'Pending' }, to: { phase: 'Running' }, want: { phase: 'Running' } },
  { name: 'something goes', from: { reason: 'Evicted' }, to: {}, want: { reason: null } },
  { name: 'first IPs', from: {}, to: { podIPs: [{ ip: '192.0.2.1' }] }, want: { podIPs: [{ ip: '192.0.2.1' }] } },
  {
    name: 'other IPs replace the old ones',
    from: { podIPs: [{ ip: '192.0.2.1' }] },
    to: { podIPs: [{ ip: '192.0.2.2' }] },
    want: { podIPs: [{ $patch: 'replace' }, { ip: '192.0.2.2' }] },
  },
  {
    name: 'a condition that no longer has a reason',
    from: { conditions: [ready] },
    to: { conditions: [{ type: 'Ready', status: 'True' }] },
    want: { conditions: [{ type: 'Ready', status: 'True', reason: null, message: null }] },
  },
  {
    name: 'a condition that no longer holds, beside one of somebody else',
    from: { conditions: [ready, { type: 'example.com/gate', status: 'True' }] },
    to: {},
    want: { conditions: [{ $patch: 'delete', type: 'Ready' }] },
  },
  {
    name: "somebody else's condition is left alone",
    from: {},
    to: { conditions: [{ type: 'example.com/gate', status: 'True' }] },
    want: undefined,
  },
]

for (const { name, from, to, want } of cases) test(`status patch: ${name}`, () => assert.deepEqual(statusPatch(from, to), want))
