import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { LinuxHostFiles, mountPointsBelow } from '../host/linux-host-files.ts'
import { AtomicWriter, type Payload } from './atomic-writer.ts'

async function withFolder(body: (folder: string, writer: AtomicWriter) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'atomic-writer-'))
  try {
    await body(
      folder,
      new AtomicWriter(folder, { files: new LinuxHostFiles('/nowhere'), clock: new VirtualClock(), random: new SeededRandom(1) }),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

function payload(files: Record<string, string>): Payload {
  return new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o640 }]))
}

test('atomic writer: layout', () =>
  withFolder(async (folder, writer) => {
    assert.equal(await writer.write(payload({ a: '1', 'sub/b': '2' })), true)
    const names = (await readdir(folder)).sort()
    assert.match(names[0] ?? '', /^\.\.2026_01_01_00_00_00\.\d+$/)
    assert.deepEqual(names.slice(1), ['..data', 'a', 'sub'])
    assert.equal(await readlink(join(folder, '..data')), names[0])
    assert.equal(await readlink(join(folder, 'a')), '..data/a')
    assert.equal(await readFile(join(folder, 'sub/b'), 'utf8'), '2')
    assert.equal((await stat(join(folder, 'a'))).mode & 0o777, 0o640)
  }))

test('atomic writer: the same again changes nothing', () =>
  withFolder(async (folder, writer) => {
    await writer.write(payload({ a: '1' }))
    const before = await readlink(join(folder, '..data'))
    assert.equal(await writer.write(payload({ a: '1' })), false)
    assert.equal(await readlink(join(folder, '..data')), before)
  }))

test('atomic writer: an update replaces all and leaves nothing behind', () =>
  withFolder(async (folder, writer) => {
    await writer.write(payload({ a: '1', gone: 'x' }))
    assert.equal(await writer.write(payload({ a: '2', new: 'y' })), true)
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), '2')
    assert.deepEqual((await readdir(folder)).filter(name => !/^\.\.2026/.test(name)).sort(), ['..data', 'a', 'new'])
    assert.equal((await readdir(folder)).filter(name => name.startsWith('..2026')).length, 1)
  }))

test('mount points: the last mounted first, decoded', () => {
  const line = (point: string) => `1 2 0:1 / ${point} rw - tmpfs tmpfs rw`
  const mountinfo = [line('/'), line('/pods'), line('/pods/u/a\\040b'), line('/pods/u/c'), line('/podsother')].join('\n')
  assert.deepEqual(mountPointsBelow(mountinfo, '/pods/u'), ['/pods/u/c', '/pods/u/a b'])
})
