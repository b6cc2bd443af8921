/** The npm package, installed somewhere else: what the first lines of docs/testing.md promise. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { docExamples } from './doc-examples.ts'
import { root } from './esbuild.ts'

/** Programs of the package run without what `hack/node24` gives those of the checkout. */
const { NODE_TEST_CONTEXT: _, ...env } = process.env

describe('the npm package', () => {
  let folder = ''
  const installed = () => join(folder, 'node_modules/coxswain')
  const run = (args: string[]) => execFileSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'coxswain-package-'))
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
    const [archive] = readdirSync(folder)
    mkdirSync(installed(), { recursive: true })
    execFileSync('tar', ['-xzf', join(folder, archive!), '--strip-components=1', '-C', installed()])
    const { dependencies } = JSON.parse(readFileSync(join(installed(), 'package.json'), 'utf8')) as { dependencies: object }
    // What the package declares is there, and what its users bring; nothing else.
    for (const name of [...Object.keys(dependencies), '@types/node', 'vitest']) {
      mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
      symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'web.test.ts'), docExamples('docs/testing.md')[0]!.code)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('the first example of docs/testing.md is green', () => {
    assert.match(run(['--test', '--test-reporter=tap', 'web.test.ts']), /^# pass 1$/m)
  })

  test('under vitest, expectations say what they have seen', () => {
    copyFileSync(join(root, 'examples/testing/web.spec.ts'), join(folder, 'web.spec.ts'))
    const report = run([join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=tap-flat', 'web.spec.ts'])
    assert.deepEqual(report.match(/^(?:not )?ok \d/gm), ['ok 1', 'ok 2'])
  })

  test('its types are whole: the example compiles, and a wrong kind of value does not', () => {
    const wrong = `import { startCluster } from 'coxswain'\nexport const cluster = startCluster({ clock: 'none' })\n`
    writeFileSync(join(folder, 'wrong.ts'), wrong)
    const options = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
      '--types',
      'node',
    ]
    const tsc = [join(root, 'node_modules/.bin/tsc'), ...options, 'web.test.ts', 'wrong.ts']
    const { stdout } = spawnSync(process.execPath, tsc, { cwd: folder, encoding: 'utf8' })
    assert.match(stdout, /^wrong\.ts\(2,39\): error TS2322: Type '"none"' is not assignable to type .*\n$/)
  })

  test('a folder keeps the state: the storage thread is found', () => {
    const program = `
      import { startCluster } from 'coxswain'
      const cluster = await startCluster({ storage: { sqlite: 'data' } })
      const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'Namespace' })
      console.log(items.length)
      await cluster.stop()`
    assert.match(run(['--input-type=module', '-e', program]), /^\d+\n$/)
  })

  test('its program gives a cluster to other programs', () => {
    const program = join(installed(), 'dist/cox.js')
    assert.match(run([program, 'version']), /^cox \d/)
    assert.match(run([program, 'test-server', '--', 'sh', '-c', 'cat "$KUBECONFIG"']), /^current-context: /m)
  })
})
