import { readFile, stat, writeFile } from 'node:fs/promises'
import { run } from '#base/process.ts'

/** The version in what `containerd --version` prints, as in `1.6.20`; Debian's suffixes are dropped. */
export function parseContainerdVersion(output: string): string | undefined {
  return /\bv?(\d+\.\d+\.\d+)/.exec(output)?.[1]
}

/**
 * The version of a containerd program. Asking the program costs 50 ms of every start, so the answer is kept in `cacheFile` for as long
 * as the program's file stays the same.
 */
export async function containerdVersion(options: { program: string; cacheFile: string }, signal: AbortSignal): Promise<string> {
  const { mtimeMs, size, ino } = await stat(options.program)
  const key = `${options.program} ${ino} ${size} ${mtimeMs}`
  const [keptKey, kept] = (await readFile(options.cacheFile, 'utf8').catch(() => '')).split('\n')
  if (keptKey === key && kept !== undefined && kept !== '') return kept
  const output = await run(options.program, ['--version'], { signal })
  const version = parseContainerdVersion(output)
  if (version === undefined) throw new Error(`cannot tell the version of "${options.program}" from its answer "${output.trim()}"`)
  await writeFile(options.cacheFile, `${key}\n${version}\n`)
  return version
}
