/**
 * `npm test [unit|e2e] [file …]`: installs what the tests need and is missing (Debian packages, the stock kubectls), then runs them.
 * Unit tests run side by side; tests that start containers run one after the other.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const [suite = 'all', ...files] = process.argv.slice(2)

interface Suite {
  files: string[]
  arguments: string[]
}

const unit: Suite = { files: globSync('{cmd,src,hack,examples,test/streams,test/simulation}/**/*.test.ts', { cwd: root }), arguments: [] }
const real: Suite = { files: globSync('test/{node,e2e,crash}/**/*.test.ts', { cwd: root }), arguments: ['--test-concurrency=1'] }

if (suite !== 'unit') {
  const { ensureTestPrerequisites } = await import('./test-prerequisites.ts')
  await ensureTestPrerequisites()
}
let failed = false
for (const { files: found, arguments: extra } of suite === 'unit' ? [unit] : suite === 'e2e' ? [real] : [unit, real]) {
  const chosen = files.length === 0 ? found : found.filter(file => files.some(wanted => file.includes(wanted)))
  if (chosen.length === 0) continue
  const { status } = spawnSync(process.execPath, [...process.execArgv, '--test', '--test-timeout=300000', ...extra, ...chosen], {
    cwd: root,
    stdio: 'inherit',
  })
  failed ||= status !== 0
}
process.exitCode = failed ? 1 : 0
