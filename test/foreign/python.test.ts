/** Python with the official client library against `cox test-server`: the example of the docs, and more through its fixture. */
import assert from 'node:assert/strict'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { expectSuccess, root, runProgram } from '../e2e/cluster.ts'
import { ProgramsFolder } from './programs-folder.ts'

/** Debian's, which has Debian's packages. */
const python = '/usr/bin/python3'

let programs: ProgramsFolder
before(async () => {
  programs = await ProgramsFolder.make()
  const document = await readFile(join(root, 'docs/testing.md'), 'utf8')
  for (const [, block, name] of document.matchAll(/^```python\n(# (\w+\.py)\n.*?)^```$/gms))
    await writeFile(join(programs.folder, name!), block!)
  await copyFile(join(root, 'test/foreign/python/test_client.py'), join(programs.folder, 'test_client.py'))
})
after(() => programs[Symbol.asyncDispose]())

for (const { name, file, count } of [
  { name: 'the example in docs/testing.md', file: 'test_web.py', count: 1 },
  { name: 'the client library', file: 'test_client.py', count: 9 },
]) {
  test(`python: ${name}`, async () => {
    const outcome = await runProgram(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', file], programs)
    const { stdout } = expectSuccess(outcome, 'pytest')
    assert.match(stdout, new RegExp(`^${count} passed`, 'm'), stdout)
  })
}
