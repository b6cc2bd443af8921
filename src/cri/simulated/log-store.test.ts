import assert from 'node:assert/strict'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FileLogStore } from './file-log-store.ts'
import { MemoryLogStore } from './log-store.ts'
import { LogWriter } from './log-writer.ts'

const time = '2026-01-01T00:00:00Z'

const writes: { name: string; parts: string[]; lines: string[] }[] = [
  { name: 'a line', parts: ['one\n'], lines: [`${time} stdout F one`] },
  { name: 'lines in one piece', parts: ['one\ntwo\n\n'], lines: [`${time} stdout F one`, `${time} stdout F two`, `${time} stdout F `] },
  { name: 'a line in pieces', parts: ['o', 'n', 'e\n'], lines: [`${time} stdout F one`] },
  { name: 'text without its end', parts: ['one\nrest'], lines: [`${time} stdout F one`, `${time} stdout P rest`] },
  {
    name: 'a long line',
    parts: [`${'x'.repeat(16_384)}yz\n`],
    lines: [`${time} stdout P ${'x'.repeat(16_384)}`, `${time} stdout F yz`],
  },
  { name: 'a line as long as may be', parts: [`${'x'.repeat(16_384)}\n`], lines: [`${time} stdout F ${'x'.repeat(16_384)}`] },
  { name: 'nothing', parts: [''], lines: [] },
]

for (const { name, parts, lines } of writes) {
  test(`log format: ${name}`, () => {
    const writer = new LogWriter('stdout', () => Date.UTC(2026, 0, 1))
    const text = [...parts.map(part => writer.write(Buffer.from(part))), writer.end()].join('')
    assert.deepEqual(text.split('\n').slice(0, -1), lines)
  })
}

test('memory: the oldest lines go when it is full; readers are told', () => {
  const store = new MemoryLogStore({ bytesMax: 10 })
  let changes = 0
  using _ = store.onChange('/log', () => changes++)
  for (const line of ['one\n', 'two\n', 'three\n']) store.append('/log', Buffer.from(line))
  assert.deepEqual(store.extent('/log'), { start: 4, end: 14 })
  assert.equal(store.read('/log', 0, 100).toString(), 'two\nthree\n')
  assert.equal(store.read('/log', 9, 3).toString(), 'hre')
  assert.equal(store.read('/log', 14, 100).length, 0)
  store.release('/log')
  assert.deepEqual(store.extent('/log'), { start: 0, end: 0 })
  assert.equal(changes, 4)
})

test('files: where a runtime would write them, also after one was moved away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'logs-'))
  try {
    const path = join(folder, 'pod', 'main', '0.log')
    const store = new FileLogStore()
    store.open(path)
    assert.equal(await readFile(path, 'utf8'), '')
    store.append(path, Buffer.from('one\n'))
    await rename(path, `${path}.1`)
    store.append(path, Buffer.from('two\n'))
    assert.deepEqual(await Promise.all([`${path}.1`, path].map(each => readFile(each, 'utf8'))), ['one\n', 'two\n'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
