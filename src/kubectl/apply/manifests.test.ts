import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManifestError, readManifests } from './manifests.ts'

async function withFiles<T>(files: Record<string, string>, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true })
      await writeFile(join(folder, name), content)
    }
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`

const good: { name: string; files: Record<string, string>; read: string[]; want: string[] }[] = [
  { name: 'one object', files: { 'a.yaml': pod('a') }, read: ['a.yaml'], want: ['Pod a'] },
  {
    name: 'several documents, empty ones left out',
    files: { 'a.yaml': `---\n${pod('a')}---\n---\n# nothing\n---\n${pod('b')}` },
    read: ['a.yaml'],
    want: ['Pod a', 'Pod b'],
  },
  { name: 'JSON', files: { 'a.json': '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}' }, read: ['a.json'], want: ['Pod a'] },
  {
    name: 'a list is taken apart, also one in a list',
    files: {
      'a.json': JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [{ apiVersion: 'v1', kind: 'ConfigMapList', items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }] }],
      }),
    },
    read: ['a.json'],
    want: ['ConfigMap c'],
  },
  {
    name: 'a folder: its manifests by name, nothing else, no folders in it',
    files: {
      'd/2.yaml': pod('two'),
      'd/1.yml': pod('one'),
      'd/3.json': '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"three"}}',
      'd/README': 'x',
      'd/more/4.yaml': pod('four'),
    },
    read: ['d'],
    want: ['Pod one', 'Pod two', 'Pod three'],
  },
  {
    name: 'paths in the order given',
    files: { 'b.yaml': pod('b'), 'a.yaml': pod('a') },
    read: ['b.yaml', 'a.yaml'],
    want: ['Pod b', 'Pod a'],
  },
]
for (const { name, files, read, want } of good) {
  test(`manifests: ${name}`, () =>
    withFiles(files, async folder => {
      const objects = await readManifests(read.map(path => join(folder, path)))
      assert.deepEqual(
        objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
        want,
      )
    }))
}

const bad: { name: string; files: Record<string, string>; message: RegExp }[] = [
  { name: 'nothing there', files: {}, message: /the path ".*x" does not exist/ },
  { name: 'a folder without manifests', files: { 'x/README': '' }, message: /has no \.yaml, \.yml or \.json files/ },
  { name: 'no YAML', files: { x: 'a: [' }, message: /cannot read ".*x": / },
  { name: 'no JSON', files: { x: '{"a":' }, message: /cannot read ".*x": / },
  { name: 'a text', files: { x: 'hello' }, message: /".*x": a document is no object/ },
  { name: 'an array', files: { x: '- a\n- b' }, message: /a document is no object/ },
  { name: 'no kind', files: { x: 'apiVersion: v1' }, message: /an object has no apiVersion or kind/ },
  { name: 'no name', files: { x: 'apiVersion: v1\nkind: Pod\nmetadata: {}' }, message: /a Pod has no metadata\.name$/ },
  { name: 'no metadata', files: { x: 'apiVersion: v1\nkind: Pod' }, message: /a Pod has no metadata\.name$/ },
  {
    name: 'a name to be generated',
    files: { x: 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}' },
    message: /generateName would make another one each time/,
  },
  { name: 'nothing in a list', files: { x: '{"apiVersion":"v1","kind":"List","items":[null]}' }, message: /a document is no object/ },
]
for (const { name, files, message } of bad) {
  test(`manifests: ${name} → an error that names the file`, () =>
    withFiles(files, folder =>
      assert.rejects(readManifests([join(folder, 'x')]), error => error instanceof ManifestError && message.test(error.message)),
    ))
}
