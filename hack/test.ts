/**
 * `npm test [unit|foreign|e2e] [file …]`: installs what the tests need and is missing (Debian packages, the stock kubectls), then runs them.
 * Unit tests run side by side, in one process for each component, and so do those with other people's clients, which need no containers;
 * tests that start containers run one after the other.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { writeTestGroups } from './test-groups.ts'

const root = join(import.meta.dirname, '..')
const [suite = 'all', ...wanted] = process.argv.slice(2)

const unitTests = '{cmd,src,hack,examples,test/streams,test/simulation}/**/*.test.ts'
const foreignTests = 'test/foreign/**/*.test.ts'
const realTests = 'test/{node,e2e,crash}/**/*.test.ts'

if (suite !== 'unit') {
  const { ensureTestPrerequisites } = await import('./test-prerequisites.ts')
  await ensureTestPrerequisites()
}
const suites: Record<string, () => boolean> = {
  unit: () => run(writeTestGroups(root, filesOf(unitTests)), availableParallelism()),
  foreign: () => run(filesOf(foreignTests), availableParallelism()),
  e2e: () => run(filesOf(realTests), 1),
}
const passes = Object.entries(suites)
  .filter(([name]) => suite === 'all' || suite === name)
  .map(([, runSuite]) => runSuite())
process.exitCode = passes.every(Boolean) ? 0 : 1

function filesOf(pattern: string): string[] {
  const found = globSync(pattern, { cwd: root })
  return wanted.length === 0 ? found : found.filter(file => wanted.some(part => file.includes(part)))
}

/** Runs test files, so many at once, each in its own process. */
function run(files: readonly string[], concurrency: number): boolean {
  if (files.length === 0) return true
  const args = [...process.execArgv, '--test', '--test-timeout=300000', `--test-concurrency=${concurrency}`, ...files]
  const env = { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') }
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status === 0
}
