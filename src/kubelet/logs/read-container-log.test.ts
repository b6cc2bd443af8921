import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { ContainerLogOptions } from './log-options.ts'
import { type LogFiles, machineLogFiles } from './log-files.ts'
import { readContainerLog } from './read-container-log.ts'

const defaults: ContainerLogOptions = { follow: false, previous: false, timestamps: false, stream: 'All' }
const never = new AbortController().signal
const line = (second: number, stream: string, tag: string, text: string) =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.5Z ${stream} ${tag} ${text}\n`

async function logFile(content: string) {
  const folder = await mkdtemp(join(tmpdir(), 'container-log-'))
  const path = join(folder, '0.log')
  await writeFile(path, content)
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const three = line(1, 'stdout', 'F', 'one') + line(2, 'stderr', 'F', 'two') + line(3, 'stdout', 'F', 'three')
const split = line(1, 'stdout', 'P', 'a') + line(2, 'stdout', 'P', 'b') + line(3, 'stdout', 'F', 'c') + line(4, 'stdout', 'F', 'd')
const cases: { name: string; log?: string; options: Partial<ContainerLogOptions>; want: string }[] = [
  { name: 'everything', options: {}, want: 'one\ntwo\nthree\n' },
  { name: 'empty file', log: '', options: { tailLines: 3 }, want: '' },
  { name: 'stdout only', options: { stream: 'Stdout' }, want: 'one\nthree\n' },
  { name: 'stderr only', options: { stream: 'Stderr' }, want: 'two\n' },
  { name: 'tail', options: { tailLines: 2 }, want: 'two\nthree\n' },
  { name: 'tail of none', options: { tailLines: 0 }, want: '' },
  { name: 'tail of more than there is', options: { tailLines: 9 }, want: 'one\ntwo\nthree\n' },
  { name: 'limit', options: { limitBytes: 6 }, want: 'one\ntw' },
  { name: 'since', options: { sinceMs: Date.UTC(2026, 0, 1, 0, 0, 2, 500) }, want: 'two\nthree\n' },
  { name: 'since, a bit later', options: { sinceMs: Date.UTC(2026, 0, 1, 0, 0, 2, 501) }, want: 'three\n' },
  { name: 'timestamps', options: { timestamps: true, tailLines: 1 }, want: '2026-01-01T00:00:03.500000000Z three\n' },
  { name: 'limit counts timestamps', options: { timestamps: true, limitBytes: 34 }, want: '2026-01-01T00:00:01.500000000Z one' },
  { name: 'split lines are joined', log: split, options: {}, want: 'abc\nd\n' },
  {
    name: 'split lines have one time',
    log: split,
    options: { timestamps: true, limitBytes: 36 },
    want: '2026-01-01T00:00:01.500000000Z abc\n2',
  },
  { name: 'more tags', log: line(1, 'stdout', 'P:x', 'a') + line(2, 'stdout', 'F:y', 'b'), options: {}, want: 'ab\n' },
  { name: 'empty lines', log: line(1, 'stdout', 'F', ''), options: {}, want: '\n' },
  { name: 'garbage between', log: `garbage\n\n${line(1, 'stdout', 'F', 'ok')}a b c d\n`, options: {}, want: 'ok\n' },
  { name: 'last line without end', log: three.slice(0, -1), options: { tailLines: 1 }, want: 'three' },
  { name: 'other zones', log: '2026-01-01T01:00:03.5+01:00 stdout F x\n', options: { sinceMs: Date.UTC(2026, 0, 1, 0, 0, 4) }, want: '' },
]
for (const { name, log = three, options, want } of cases) {
  test(`log: ${name}`, async () => {
    await using file = await logFile(log)
    const readable = await readContainerLog({ path: file.path, containerEnded: never }, { ...defaults, ...options }, never)
    assert.equal(await text(readable), want)
  })
}

test('log: missing file → rejects', async () => {
  await assert.rejects(
    readContainerLog({ path: '/does/not/exist/0.log', containerEnded: never }, { ...defaults, follow: true }, never),
    /ENOENT/,
  )
})

/** Reads until exactly this text has come. */
function reading(readable: Readable) {
  const parts = readable[Symbol.asyncIterator]()
  let got = ''
  return async (want: string) => {
    while (got.length < want.length) {
      const { value, done } = await parts.next()
      assert.ok(!done, `ended after "${got}"`)
      got += value
    }
    assert.equal(got, want)
    got = ''
  }
}

test('follow: lines written in pieces, rotation, end of the container → nothing is lost', async () => {
  await using file = await logFile(three)
  const ended = new AbortController()
  const readable = await readContainerLog(
    { path: file.path, containerEnded: ended.signal },
    { ...defaults, follow: true, tailLines: 1 },
    never,
  )
  const comes = reading(readable)
  await comes('three\n')
  await appendFile(file.path, '2026-01-01T00:00:04Z stdout F fo')
  await appendFile(file.path, `ur\n${line(5, 'stdout', 'F', 'five')}`)
  await comes('four\nfive\n')
  await rename(file.path, `${file.path}.1`)
  await appendFile(`${file.path}.1`, line(6, 'stdout', 'F', 'six'))
  await writeFile(file.path, line(7, 'stdout', 'F', 'seven'))
  await comes('six\nseven\n')
  await appendFile(file.path, line(8, 'stdout', 'F', 'eight'))
  ended.abort()
  await comes('eight\n')
  assert.equal(readable.read(), null)
  for await (const part of readable) assert.fail(`unexpected "${part}"`)
})

test('follow: what the old file gets until the new one is there is not lost', async () => {
  await using file = await logFile(three)
  const ended = new AbortController()
  let opened = 0
  const files: LogFiles = {
    ...machineLogFiles,
    open: async path => {
      if (++opened === 2) await appendFile(`${path}.1`, line(4, 'stdout', 'F', 'four'))
      return machineLogFiles.open(path)
    },
  }
  const source = { path: file.path, containerEnded: ended.signal, files }
  const readable = await readContainerLog(source, { ...defaults, follow: true, tailLines: 1 }, never)
  const comes = reading(readable)
  await comes('three\n')
  await writeFile(`${file.path}.new`, line(5, 'stdout', 'F', 'five'))
  await rename(file.path, `${file.path}.1`)
  await rename(`${file.path}.new`, file.path)
  await comes('four\nfive\n')
  ended.abort()
  assert.equal(readable.read(), null)
})

test('follow: abort and destroy → end at once', async () => {
  await using file = await logFile(three)
  const controller = new AbortController()
  const follow = { ...defaults, follow: true }
  const aborted = await readContainerLog({ path: file.path, containerEnded: never }, follow, controller.signal)
  await reading(aborted)('one\ntwo\nthree\n')
  controller.abort()
  const destroyed = await readContainerLog({ path: file.path, containerEnded: never }, follow, never)
  await reading(destroyed)('one\ntwo\nthree\n')
  const closed = new Promise(resolve => destroyed.once('close', resolve))
  destroyed.destroy()
  await closed
})

test('log: a large file → tail and back-pressure do not read it whole', async () => {
  await using file = await logFile(line(1, 'stdout', 'F', 'x'.repeat(200)).repeat(100_000))
  const tail = await readContainerLog({ path: file.path, containerEnded: never }, { ...defaults, tailLines: 1000 }, never)
  assert.equal((await text(tail)).length, 1000 * 201)
  const whole = await readContainerLog({ path: file.path, containerEnded: never }, defaults, never)
  let bytes = 0
  for await (const part of whole) bytes += part.length
  assert.equal(bytes, 100_000 * 201)
})
