import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { AtomicWriter } from '../volumes/atomic-writer.ts'
import { MemoryHostFiles } from './memory-host-files.ts'

const textOf = async (files: MemoryHostFiles, path: string) => (await files.readFile(path))?.toString()

test('folders, files, their ends and their removal', async () => {
  const files = new MemoryHostFiles()
  await files.makeDirectory('/a/b')
  await files.writeFile('/a/b/file', 'content')
  assert.equal(await textOf(files, '/a/b/file'), 'content')
  assert.equal((await files.readTail('/a/b/file', 4))?.toString(), 'tent')
  assert.equal(await files.typeOf('/a/b'), 'directory')
  assert.equal(await files.typeOf('/a/b/file'), 'file')
  assert.deepEqual(await files.list('/a/b'), ['file'])
  await files.rename('/a/b/file', '/a/moved')
  assert.equal(await textOf(files, '/a/moved'), 'content')
  await files.remove('/a')
  assert.equal(await files.typeOf('/a/moved'), undefined)
  await files.remove('/nothing/there')
})

test('what cannot be written is an error as the operating system gives it', async () => {
  const files = new MemoryHostFiles()
  await assert.rejects(files.writeFile('/missing/file', ''), { code: 'ENOENT' })
  await files.makeDirectory('/folder')
  await assert.rejects(files.writeFile('/folder', ''), { code: 'EISDIR' })
  await files.writeFile('/file', '')
  await assert.rejects(files.makeDirectory('/file/below'), { code: 'EEXIST' })
  await assert.rejects(files.symlink('/file', '/folder'), { code: 'EEXIST' })
})

test('links lead on, relative and absolute ones, but not in circles', async () => {
  const files = new MemoryHostFiles()
  await files.makeDirectory('/real/folder')
  await files.writeFile('/real/folder/file', 'x')
  await files.symlink('folder', '/real/relative')
  await files.symlink('/real/relative', '/absolute')
  assert.equal(await textOf(files, '/absolute/file'), 'x')
  assert.equal(await files.realPath('/absolute/file'), '/real/folder/file')
  assert.equal(await files.readLink('/absolute'), '/real/relative')
  await files.symlink('/circle', '/circle')
  assert.equal(await files.typeOf('/circle'), undefined)
  await files.symlink('/nowhere', '/dangling')
  assert.equal(await files.realPath('/dangling'), undefined)
})

test('what a link leads to may be a folder whose name another one had before', async () => {
  const files = new MemoryHostFiles()
  for (const folder of ['/a', '/b']) {
    await files.makeDirectory(`${folder}/in`)
    await files.writeFile(`${folder}/in/file`, folder)
  }
  await files.symlink('/a', '/link')
  assert.equal(await textOf(files, '/link/in/file'), '/a')
  assert.equal(await files.realPath('/link//in/'), '/a/in')
  await files.remove('/link')
  await files.symlink('/b', '/link')
  assert.equal(await textOf(files, '/link/in/file'), '/b')
  await files.makeDirectory('/link/new/folder')
  assert.deepEqual(await files.list('/b'), ['in', 'new'])
  await files.rename('/b', '/c')
  assert.equal(await textOf(files, '/b/in/file'), undefined)
  await files.rename('/a', '/b')
  assert.equal(await textOf(files, '/b/in/file'), '/a')
  await files.remove('/b')
  assert.equal(await files.typeOf('/b/in/file'), undefined)
})

test('a folder of many names, and bytes that their giver changes later', async () => {
  const files = new MemoryHostFiles()
  await files.makeDirectory('/many')
  const bytes = Buffer.from('x')
  const names = Array.from({ length: 30 }, (_, index) => `a-name-that-is-not-short-${index}`)
  for (const name of names) await files.writeFile(`/many/${name}`, bytes)
  bytes[0] = 0
  assert.deepEqual(await files.list('/many'), names)
  assert.equal(await files.usedBytes('/many'), names.length)
  assert.equal(await textOf(files, `/many/${names[20]}`), 'x')
})

test('an atomic volume changes as a whole', async () => {
  const files = new MemoryHostFiles()
  const clock = new VirtualClock()
  await files.makeDirectory('/volume')
  const writer = new AtomicWriter('/volume', { files, clock, random: new SeededRandom(1) })
  const write = (content: string) => writer.write(new Map([['deep/key', { content: Buffer.from(content), mode: 0o644 }]]))
  assert.equal(await write('old'), true)
  assert.equal(await write('old'), false)
  await clock.advance(1_000)
  assert.equal(await write('new'), true)
  assert.equal(await textOf(files, '/volume/deep/key'), 'new')
  assert.equal((await files.list('/volume')).length, 3)
})

test('a copy has the same files; neither sees what is changed in the other', async () => {
  const files = new MemoryHostFiles()
  await files.makeDirectory('/pods/a')
  await files.writeFile('/pods/a/file', 'one')
  const [first, second] = [files.copy(), files.copy()]
  await files.writeFile('/pods/a/file', 'two')
  await first.remove('/pods/a/file')
  await second.makeDirectory('/pods/b')
  await second.symlink('a', '/pods/link')
  const seen = (each: MemoryHostFiles) => Promise.all([each.list('/pods'), each.readFile('/pods/a/file').then(String)])
  assert.deepEqual(await Promise.all([files, first, second].map(seen)), [
    [['a'], 'two'],
    [['a'], 'undefined'],
    [['a', 'b', 'link'], 'one'],
  ])
})
