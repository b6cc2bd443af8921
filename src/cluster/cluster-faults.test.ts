import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Cluster, startCluster } from './index.ts'

describe('faults that would never happen, or not as was meant, are refused', () => {
  let cluster: Cluster
  before(async () => {
    cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  })
  after(() => cluster?.stop())

  const cases: [name: string, order: (cluster: Cluster) => unknown, want: RegExp][] = [
    [
      'a verb of HTTP',
      ({ faults }) => faults.requests.fail({ verb: 'PUT' }, 409),
      /the verb of requests must be one of get, list, .*, not "PUT"/,
    ],
    [
      'an unknown part of a pattern',
      ({ faults }) => faults.requests.fail({ kind: 'Pod' } as never, 409),
      /unknown field "kind"; known are user, program/,
    ],
    ['no failure', ({ faults }) => faults.requests.fail({}, undefined as never), /a failure .* must be one of 409, 410, .*, not undefined/],
    ['an answer that is none', ({ faults }) => faults.requests.fail({}, 200 as never), /must be one of 409, .*, not 200/],
    [
      'no such moment',
      ({ faults }) => faults.requests.fail({}, 500, { when: 'befor' as never }),
      /when must be one of before, after, not "befor"/,
    ],
    [
      'an unknown option',
      ({ faults }) => faults.requests.fail({}, 500, { tmies: 3 } as never),
      /unknown field "tmies"; known are nth, times/,
    ],
    [
      'a delay as text',
      ({ faults }) => faults.requests.delay({}, '5s' as never),
      /a delay in milliseconds must be a number from 0 on, not "5s"/,
    ],
    [
      'a type of event',
      ({ faults }) => faults.watches.drop({ type: 'UPDATED' as never }),
      /must be one of ADDED, MODIFIED, DELETED, not "UPDATED"/,
    ],
    ['a negative delay', ({ faults }) => faults.watches.delay({}, -1), /a delay in milliseconds must be a number from 0 on, not -1/],
    [
      'an unknown part of a write',
      ({ faults }) => faults.storage.fail({ op: 'create' } as never),
      /which writes: unknown field "op"; known are keyPrefix/,
    ],
    [
      'no such operation',
      ({ faults }) => faults.storage.fail({ operation: 'put' as never }),
      /must be one of create, update, delete, not "put"/,
    ],
    ['a slow disk as text', ({ nodes }) => nodes.get('node-0')!.faults.slowDisk('3s' as never), /a delay in milliseconds must be a number/],
  ]
  for (const [name, order, want] of cases) test(name, () => assert.throws(() => order(cluster), want))

  test('a node that there is not', async () => {
    await assert.rejects(cluster.nodes.remove('node-9'), /^Error: there is no simulated node "node-9", only node-0$/)
  })
})
