import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RealClock, VirtualClock } from '#base/clock.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { checkOptions } from './options-shape.ts'

const good: object[] = [
  {},
  { nodes: { count: 3 }, clock: 'virtual', seed: 1 },
  {
    nodes: [
      { count: 1, labels: { zone: 'a' } },
      { runtime: 'containerd', count: 1, offline: true },
    ],
    clock: new RealClock(),
  },
  { clock: new VirtualClock(), storage: new MemoryStorage(), history: Number.POSITIVE_INFINITY },
  { storage: { sqlite: 'folder' }, images: { unknown: 'not found' }, controllers: ['*'], api: { port: 0 }, log: undefined },
]
for (const [index, options] of good.entries()) test(`options ${index} are taken`, () => checkOptions(options))

const wrong: [options: unknown, want: RegExp][] = [
  [{ clcok: 'virtual' }, /: clcok: Forbidden: unknown field; known are storage, nodes, .*clock/],
  [{ clock: 'vritual' }, /: clock: Unsupported value: "vritual": supported values: "real", "virtual"$/],
  [{ clock: {} }, /: clock: Invalid value: {}: must be a string or a Clock$/],
  [{ nodes: 3 }, /: nodes: Invalid value: 3: must be a list or an object such as { count: 3 }$/],
  [{ nodes: { cuont: 2 } }, /nodes\.count: Required value, nodes\.cuont: Forbidden: unknown field; known are count, runtime, capacity/],
  [{ nodes: { count: '2' } }, /: nodes\.count: Invalid value: "2": must be a whole number$/],
  [{ nodes: [{ count: -1 }] }, /: nodes\[0\]\.count: Invalid value: -1: must be 0 or more$/],
  [{ nodes: { count: 1, runtime: 'docker' } }, /: nodes\.runtime: Unsupported value: "docker"/],
  [{ nodes: { count: 1, capacity: { cpu: 'x' } } }, /: nodes\.capacity\[cpu\]: Invalid value: "x": must be a quantity of 1 or more$/],
  [
    { nodes: { count: 1, capacity: { mem: '1Gi' } } },
    /: nodes\.capacity\[mem\]: Unsupported value: "mem": supported values: "cpu", "memory"/,
  ],
  [{ nodes: { count: 1, labels: { a: 1 } } }, /: nodes\.labels\[a\]: Invalid value: 1: must be a string$/],
  [{ nodes: { count: 1, taints: [{ key: 'a' }] } }, /: nodes\.taints\[0\]\.effect: Required value$/],
  [{ nodes: { count: 1, taints: [{ key: 'a', effect: 'NoSchedul' }] } }, /: nodes\.taints\[0\]\.effect: Unsupported value: "NoSchedul"/],
  [{ seed: 'a' }, /: seed: Invalid value: "a": must be a whole number$/],
  [{ history: '5x' }, /: history: Invalid value: "5x": .*is no duration/],
  [{ images: { unknown: 'notfound' } }, /: images\.unknown: Unsupported value: "notfound": supported values: "run", "not found"$/],
  [{ storage: 'disk' }, /: storage: Unsupported value: "disk": supported values: "memory"$/],
  [{ storage: { sqllite: 'x' } }, /: \[?storage\.sqlite: Required value, storage\.sqllite: Forbidden/],
  [{ api: 8080 }, /: api: Invalid value: 8080: must be an object$/],
  [{ api: { port: 99_999 } }, /: api\.port: Invalid value: 99999: must be 0 to 65535$/],
  [{ controllers: '*' }, /: controllers: Invalid value: "\*": must be a list$/],
  [{ from: {} }, /: from: Invalid value: {}: must be what cluster\.snapshot\(\) has answered$/],
  [null, /: options: Invalid value: null: must be an object such as { nodes: { count: 3 }, clock: "virtual" }$/],
]
for (const [options, want] of wrong) {
  test(`options ${JSON.stringify(options)} → refused`, () => {
    assert.throws(
      () => checkOptions(options as object),
      error => error instanceof TypeError && /^a cluster cannot start with these options/.test(error.message) && want.test(error.message),
    )
  })
}
