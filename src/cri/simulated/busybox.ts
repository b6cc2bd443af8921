import type { ContainerContext, ImageScript } from './image.ts'
import { hasBuiltin } from './shell/builtins.ts'
import { sleepFor } from './sleep.ts'
import { Shell } from './shell/shell.ts'

/**
 * The image that runs what a pod's command says, as far as a small shell can. As with the real one, a program without a handler ignores
 * the stop signal, because it is the first process of its container.
 */
export const busybox: ImageScript = { startError: missingProgram, run: runCommand }

export function missingProgram([program = 'sh']: readonly string[]): string | undefined {
  const name = program.replace(/^(\/usr)?(\/local)?\/s?bin\//, '')
  if (hasBuiltin(name, { lenient: false })) return undefined
  return program.includes('/')
    ? `exec: "${program}": stat ${program}: no such file or directory`
    : `exec: "${program}": executable file not found in $PATH`
}

async function runCommand(context: ContainerContext): Promise<number> {
  const argv = [...context.command, ...context.args]
  const { env, hostname, files, clock, killed, signal, stdin, stdout, stderr, terminal } = context
  const sleep = (ms: number) => sleepFor(clock, ms, killed)
  const shell = new Shell({ env, hostname, files, lenient: false, terminal, now: () => clock.now(), sleep })
  signal.addEventListener('abort', () => shell.signal(String(signal.reason?.signal)), { once: true })
  return shell.run(argv.length === 0 ? ['sh'] : argv, { stdin, stdout, stderr })
}
