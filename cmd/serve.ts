import { writeSync } from 'node:fs'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { dataDirFlag, defaultDataDirectory } from './data-directory.ts'
import { type FlagDefinitions, parseOnlyFlags } from './flags.ts'
import { runServer, serverFlags, StoppedEarly } from './server.ts'
import { progressDescriptor, serverExit } from './supervisor.ts'
import type { ProgressMessage } from './up.ts'

const definitions = {
  'data-dir': dataDirFlag,
  kubeconfig: { type: 'string', description: 'File to merge the context into' },
  ...serverFlags,
} satisfies FlagDefinitions

export function usage(): string {
  return 'Usage: cox serve\n\nThe background process of "cox up --detach"; not to be called by people.'
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  try {
    await using server = await runServer({
      folder,
      kubeconfig: flags.kubeconfig!,
      flags,
      logLevel: 'info',
      onStep: step => tell({ type: 'step', ...step }),
      onNotice: text => tell({ type: 'notice', text }),
    })
    tell({ type: 'ready' })
    await server.stopped
    return serverExit.stopped
  } catch (error) {
    const told = tell({ type: 'failed', text: (error as Error).message })
    process.stderr.write(`${(error as Error).stack}\n`)
    // What has started of the cluster would keep the process alive.
    process.exit(exitCodeAfter(error, told))
  }
}

/** A start that somebody waits for has failed for good; later ones, after a crash, are tried until one works. */
function exitCodeAfter(error: unknown, told: boolean): number {
  if (error instanceof StoppedEarly) return serverExit.stopped
  return told ? serverExit.cannotStart : serverExit.failed
}

/** False when nobody reads, as when the supervisor started the server again: that is no failure. */
function tell(message: ProgressMessage): boolean {
  try {
    writeSync(progressDescriptor, `${JSON.stringify(message)}\n`)
    return true
  } catch {
    return false
  }
}
