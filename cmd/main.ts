import { UsageError } from './flags.ts'

interface Command {
  summary: string
  /** Loaded only when it is called: start-up time is a budget. */
  load(): Promise<{ run(args: readonly string[]): Promise<number>; usage(): string }>
}

const commands: Record<string, Command> = {
  up: { summary: 'Start the cluster on this machine, and apply manifests', load: () => import('./up.ts') },
  down: { summary: 'Stop the cluster; with --delete, remove everything of it', load: () => import('./down.ts') },
  status: { summary: 'Show what runs', load: () => import('./status.ts') },
  get: { summary: 'Show objects, also as they were', load: () => import('./get.ts') },
  why: { summary: 'Tell how an object came to be as it is', load: () => import('./why.ts') },
  kubeconfig: { summary: "Print the cluster's kubeconfig", load: () => import('./kubeconfig.ts') },
  'test-server': { summary: 'Run a cluster with simulated nodes for the tests of any program', load: () => import('./test-server.ts') },
  doctor: { summary: 'Say what this machine can and cannot do', load: () => import('./doctor.ts') },
  version: { summary: 'Print the version', load: () => import('./version.ts') },
}
/** Called by `up --detach`, not by people. */
const internalCommands: Record<string, Command> = { serve: { summary: '', load: () => import('./serve.ts') } }

/** Runs one command line and resolves with its exit code: 0, 1 for a failure, 2 for a wrong command line. */
export async function main(args: readonly string[]): Promise<number> {
  // `cox help up` asks what `cox up --help` does.
  const [name, ...rest] = args[0] === 'help' && args[1] !== undefined ? [args[1], '--help'] : args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  const command = commandNamed(name === '--version' ? 'version' : name)
  if (command === undefined) {
    process.stderr.write(`cox: unknown command "${name}"; see "cox help"\n`)
    return 2
  }
  const { run, usage } = await command.load()
  if (asksForHelp(rest)) {
    process.stdout.write(`${usage()}\n`)
    return 0
  }
  try {
    return await run(rest)
  } catch (error) {
    const isUsage = error instanceof UsageError
    process.stderr.write(`cox ${name}: ${messageOf(error)}${isUsage ? `; see "cox ${name} --help"` : ''}\n`)
    return isUsage ? 2 : 1
  }
}

/** What comes after `--` is for another program. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

/** Not a member that every object has: `cox constructor` is no command. */
function commandNamed(name: string): Command | undefined {
  for (const table of [commands, internalCommands]) if (Object.hasOwn(table, name)) return table[name]
  return undefined
}

/** The error and its causes in one sentence. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && !error.message.includes(cause.message) ? `${error.message}: ${messageOf(cause)}` : error.message
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map(name => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width + 2)}${summary}`)
  return `cox: Kubernetes in one process\n\nUsage: cox COMMAND [flags]\n\n${lines.join('\n')}\n\n"cox COMMAND --help" tells the flags of a command.\n`
}
