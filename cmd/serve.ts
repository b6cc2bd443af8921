import { writeSync } from 'node:fs'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { dataDirFlag, defaultDataDirectory } from './data-directory.ts'
import { type FlagDefinitions, parseFlags } from './flags.ts'
import { runServer, serverFlags } from './server.ts'
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
  const { flags } = parseFlags(args, definitions)
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
    tell({ type: 'failed', text: (error as Error).message })
    process.stderr.write(`${(error as Error).stack}\n`)
    // What has started of the cluster would keep the process alive.
    process.exit(serverExit.cannotStart)
  }
}

/** Started again by the supervisor, nobody reads any more: that is no failure. */
function tell(message: ProgressMessage): void {
  try {
    writeSync(progressDescriptor, `${JSON.stringify(message)}\n`)
  } catch {
    return
  }
}
