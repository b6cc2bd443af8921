import { isNotFound } from '#apimachinery/status/status.ts'
import { readStory } from '#kubectl/why/read-story.ts'
import { clusterFlags, openRunningCluster } from './client.ts'
import { type FlagDefinitions, describeFlags, parseFlags, UsageError } from './flags.ts'
import { namespaceFlag, parseObjectArgument, resolveResource } from './object-argument.ts'

const definitions = { namespace: namespaceFlag, ...clusterFlags } satisfies FlagDefinitions

export function usage(): string {
  return `Usage: cox why RESOURCE/NAME [flags]

Tells how an object came to be as it is, or to be gone: who wrote what, oldest first, and below each write the chain of writes and events
that led to it.

${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const { flags, rest } = parseFlags(args, definitions)
  const { resource: text, name } = parseObjectArgument(rest)
  if (name === undefined) throw new UsageError('name an object, such as pod/web')
  using admin = await openRunningCluster(flags)
  const { signal } = new AbortController()
  const { group, resource, namespaced } = await resolveResource(text, admin.transport, signal)
  const namespace = namespaced ? (flags.namespace ?? 'default') : undefined
  try {
    const story = await readStory(admin.transport, { group, resource, namespace, name }, signal)
    process.stdout.write(String(story))
  } catch (error) {
    if (!isNotFound(error)) throw error
    const where = namespace === undefined ? '' : ` in namespace "${namespace}"`
    throw new Error(`nothing is recorded of ${resource} "${name}"${where}`, { cause: error })
  }
  return 0
}
