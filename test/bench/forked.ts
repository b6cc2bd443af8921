import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { benchFolder } from './packaged-library.ts'

/** The same for all that are compared: what Node.js takes depends on them. */
const flags = ['--disable-warning=ExperimentalWarning', '--expose-gc']

/**
 * Runs a file of this folder in a fresh process, as plain JavaScript: what strips types takes 25 MB.
 * @returns the one message that it sends
 * @throws Error when it ends without having sent one
 */
export async function forked<T>(file: string, args: readonly (string | number)[] = []): Promise<T> {
  mkdirSync(benchFolder, { recursive: true })
  const plain = join(benchFolder, file.replace(/\.ts$/, '.js'))
  const { code } = await transform(readFileSync(join(import.meta.dirname, file), 'utf8'), { loader: 'ts', target: 'node24' })
  writeFileSync(plain, code)
  const child = fork(plain, args.map(String), { execArgv: flags })
  const exited = once(child, 'exit')
  const ended = async () => {
    const [code] = await exited
    throw new Error(`${file} ended with ${code}`)
  }
  const [message] = (await Promise.race([once(child, 'message'), ended()])) as [T]
  await exited
  return message
}
