/**
 * Groups of test files that share a process. Starting Node.js and loading the modules under test costs more than most tests do, so the
 * files of one component load them together; each file stays a suite of its own, with its own hooks.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The component that a test file belongs to: `src/kubelet`, `cmd`, … Files that run other programs wait more than they compute, so
 * each is a group of its own.
 */
export function groupOf(file: string): string {
  const [top, folder] = file.split('/') as [string, string]
  if (top === 'test') return file.replace(/\.test\.ts$/, '')
  return top === 'src' ? `${top}/${folder}` : top
}

/**
 * Writes one module for each group, into a folder that it owns.
 * @returns the modules, those first that take longest: what runs other programs, then the most files
 */
export function writeTestGroups(root: string, files: readonly string[]): string[] {
  const folder = join(root, '.cache/test-groups')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const groups = Object.entries(Object.groupBy(files.toSorted(), groupOf) as Record<string, string[]>)
  const rank = ([group, { length }]: (typeof groups)[number]) => (group.startsWith('test/') ? Number.POSITIVE_INFINITY : length)
  groups.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
  return groups.map(([group, members], index) => {
    // The runner takes files in the order of their names.
    const path = join(folder, `${String(index).padStart(2, '0')}-${group.replaceAll('/', '-')}.test.mjs`)
    writeFileSync(path, moduleOf(members))
    return path
  })
}

/** Each file is loaded inside its suite: one that cannot be loaded fails alone. */
function moduleOf(files: readonly string[]): string {
  const suites = files.map(file => `describe('${file}', () => import('../../${file}'))\n`)
  return `import { describe } from 'node:test'\n\n${suites.join('')}`
}
