import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempDisposableSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { groupOf, writeTestGroups } from './test-groups.ts'

const cases = [
  { file: 'src/kubelet/pod/plan.test.ts', group: 'src/kubelet' },
  { file: 'src/kubelet/kubelet.test.ts', group: 'src/kubelet' },
  { file: 'cmd/main.test.ts', group: 'cmd' },
  { file: 'examples/testing/manifests.test.ts', group: 'examples' },
  { file: 'test/streams/kubectl.test.ts', group: 'test/streams/kubectl' },
]

for (const { file, group } of cases) test(`test groups: ${file} → ${group}`, () => assert.equal(groupOf(file), group))

test('test groups: one module a group, the longest first', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'coxswain-groups-'))
  const modules = writeTestGroups(folder.path, ['cmd/a.test.ts', 'src/api/a.test.ts', 'src/api/b.test.ts', 'test/streams/a.test.ts'])
  assert.deepEqual(
    modules.map(path => basename(path)),
    ['00-test-streams-a.test.mjs', '01-src-api.test.mjs', '02-cmd.test.mjs'],
  )
})

test('test groups: a file that cannot be loaded fails alone, and is named', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'coxswain-groups-'))
  mkdirSync(join(folder.path, 'cmd'))
  writeFileSync(join(folder.path, 'cmd/broken.test.ts'), 'export {')
  writeFileSync(join(folder.path, 'cmd/good.test.ts'), "import { test } from 'node:test'\ntest('it runs', () => {})\n")
  const [module] = writeTestGroups(folder.path, ['cmd/broken.test.ts', 'cmd/good.test.ts'])
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  assert.throws(
    () => execFileSync(process.execPath, ['--test', module!], { env, encoding: 'utf8' }),
    ({ stdout }: { stdout: string }) => /✔ it runs/.test(stdout) && /✖ cmd\/broken\.test\.ts/.test(stdout),
  )
})
