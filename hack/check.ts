/** `npm run check`: types, lint, format and house rules, side by side. Exits 1 with everything that is wrong. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tidy } from './tidy.ts'

const root = join(import.meta.dirname, '..')
const bin = (name: string) => join(root, 'node_modules/.bin', name)

async function tool(name: string, command: string, args: string[]): Promise<string | undefined> {
  const started = performance.now()
  try {
    await promisify(execFile)(command, args, { cwd: root, maxBuffer: 64 << 20 })
    console.log(`${name}: ok (${Math.round(performance.now() - started)} ms)`)
    return undefined
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    return `${name}:\n${stdout}${stderr === '' ? message : stderr}`
  }
}

// The tools' launchers are scripts for node: run them under the node that runs this file.
process.env['PATH'] = `${join(process.execPath, '..')}:${process.env['PATH']}`
const results = await Promise.all([
  tool('types', bin('tsc'), ['-p', '.']),
  tool('lint', bin('oxlint'), ['--type-aware', '--deny-warnings', 'cmd', 'src', 'test', 'hack', 'examples']),
  tool('format', bin('biome'), ['format', '.']),
])
const offences = tidy(root)
const failures = results.filter(result => result !== undefined)
if (offences.length > 0) failures.push(`tidy:\n${offences.join('\n')}`)
else console.log('tidy: ok')
for (const failure of failures) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1
