import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identifyProcess, isRunning, parseProcessIdentity } from './process-identity.ts'

const ours = identifyProcess(process.pid)!

test('isRunning: our own process → yes', () => assert.equal(isRunning(ours), true))
test('isRunning: same ID, other start time → no', () => assert.equal(isRunning({ ...ours, startTicks: '1' }), false))
test('isRunning: same ID, other boot → no', () => assert.equal(isRunning({ ...ours, bootID: 'before' }), false))
test('identifyProcess: an ID that no process can have → undefined', () => assert.equal(identifyProcess(2 ** 30), undefined))

const texts = [
  { name: 'what was written', text: JSON.stringify(ours), want: ours },
  { name: 'empty file', text: '', want: undefined },
  { name: 'half a file', text: JSON.stringify(ours).slice(0, 20), want: undefined },
  { name: 'null', text: 'null', want: undefined },
  { name: 'a number', text: '17', want: undefined },
  { name: 'process 1', text: JSON.stringify({ ...ours, pid: 1 }), want: undefined },
  { name: 'a negative ID would name a process group', text: JSON.stringify({ ...ours, pid: -5 }), want: undefined },
]
for (const { name, text, want } of texts) test(`parseProcessIdentity: ${name}`, () => assert.deepEqual(parseProcessIdentity(text), want))
