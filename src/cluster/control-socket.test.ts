import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ControlSocket, queryControlStatus, requestStop, untilControlReady } from './control-socket.ts'

let folder: string
let path: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-control-'))
  path = join(folder, 'run/control.sock')
})
after(() => rm(folder, { recursive: true }))

const open = (onStop: () => void = () => {}) => ControlSocket.open(path, { pid: 7, startedAtMs: 1_000, onStop })

test('nobody listens: no status, nothing to stop', async () => {
  assert.equal(await queryControlStatus(path), undefined)
  assert.equal(await untilControlReady(path), undefined)
  assert.equal(await requestStop(path), false)
})

test('a file that an ended process left is replaced', async () => {
  ;(await open())[Symbol.dispose]()
  await writeFile(path, 'no socket at all')
  using _ = await open()
  assert.deepEqual(await queryControlStatus(path), { pid: 7, startedAtMs: 1_000, ready: false })
})

test('who waits for a process to get ready is told when it is', async () => {
  using control = await open()
  const waiting = untilControlReady(path)
  await queryControlStatus(path)
  control.setReady()
  assert.equal((await waiting)?.ready, true)
  assert.equal((await untilControlReady(path))?.ready, true)
})

test('a process that ends before it is ready is no process', async () => {
  const control = await open()
  const waiting = untilControlReady(path)
  await queryControlStatus(path)
  control[Symbol.dispose]()
  assert.equal(await waiting, undefined)
})

test('a stop is asked for once and waited for', async () => {
  const control = await open(() => control[Symbol.dispose]())
  assert.equal(await requestStop(path), true)
  assert.equal(await requestStop(path), false)
})
