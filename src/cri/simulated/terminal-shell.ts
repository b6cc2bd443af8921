import type { Container } from './container.ts'
import type { ContainerContext, ImageFunction } from './image.ts'
import { emptyScript } from './images.ts'
import { Shell } from './shell/shell.ts'

const shells = /^(?:.*\/)?(?:sh|bash|ash|dash)$/

/**
 * The program of a container, when that is a function. An image of which nothing is known has a shell where somebody wants to type into one
 * (`kubectl run -it … -- bash`): a program that only runs on could not be left.
 */
export function functionOf({ image, command, args, stdin, tty }: Container): ImageFunction | undefined {
  const asksForShell = stdin && tty && image.script === emptyScript && image.run === undefined
  return asksForShell && shells.test([...command, ...args][0] ?? '') ? runShell : image.run
}

async function runShell(context: ContainerContext): Promise<number> {
  const { env, hostname, files, clock, stdin, stdout, stderr, terminal } = context
  const shell = new Shell({ env, hostname, files, lenient: true, terminal, now: () => clock.now(), sleep: ms => context.sleep(ms) })
  const stopped = context.untilStopped().then(() => 0)
  return Promise.race([shell.run([...context.command, ...context.args], { stdin, stdout, stderr }), stopped])
}
