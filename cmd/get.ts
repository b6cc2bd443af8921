import { printYAML } from '#apimachinery/codec/yaml-print.ts'
import { resourcePath } from '#apimachinery/resource/resource-info.ts'
import { isExpired } from '#apimachinery/status/status.ts'
import { RealClock } from '#base/clock.ts'
import { oldestState, stateAt } from '#client/past.ts'
import type { Transport } from '#client/transport.ts'
import { printTable } from '#kubectl/printers/table-printer.ts'
import { clusterFlags, openRunningCluster } from './client.ts'
import { type FlagDefinitions, describeFlags, parseFlags, UsageError } from './flags.ts'
import { namespaceFlag, parseObjectArgument, resolveResource } from './object-argument.ts'
import { type PastVersion, parsePastTime } from './past-time.ts'
import { readTable } from './tables.ts'

const definitions = {
  at: {
    type: 'string',
    placeholder: 'TIME',
    description: 'Show the past: a time (12:30, or RFC 3339), how long ago (5m), or a resourceVersion',
  },
  namespace: namespaceFlag,
  'all-namespaces': { type: 'boolean', short: 'A', description: 'Of all namespaces' },
  output: { type: 'string', short: 'o', placeholder: 'FORMAT', description: 'wide, yaml or json' },
  ...clusterFlags,
} satisfies FlagDefinitions

export function usage(): string {
  return `Usage: cox get RESOURCE [NAME] [flags]

Shows objects as they are, or with --at as they were. The past goes back some minutes: see "cox up --history".

${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const { flags, rest } = parseFlags(args, definitions)
  const argument = parseObjectArgument(rest)
  const { output = '' } = flags
  if (!['', 'wide', 'yaml', 'json'].includes(output)) {
    throw new UsageError(`invalid argument "${output}" for "--output": must be wide, yaml or json`)
  }
  const all = flags['all-namespaces'] === true
  if (all && argument.name !== undefined) throw new UsageError('a resource cannot be retrieved by name across all namespaces')
  const past = flags.at === undefined ? undefined : parsePastTime(flags.at, new RealClock().now())
  using admin = await openRunningCluster(flags)
  const { transport } = admin
  const { signal } = new AbortController()
  const info = await resolveResource(argument.resource, transport, signal)
  const version = past && (await versionOf(past, transport, signal))
  const namespace = info.namespaced && !all ? (flags.namespace ?? 'default') : undefined
  const query = version === undefined ? '' : `?resourceVersion=${version}&resourceVersionMatch=Exact`
  const path = `${resourcePath(info, { namespace, name: argument.name })}${query}`
  try {
    process.stdout.write(await textOf(transport, { path, namespace, output, showsNamespaces: info.namespaced && all }, signal))
  } catch (cause) {
    if (!isExpired(cause)) throw cause
    const { resourceVersion, time } = await oldestState(transport, signal)
    throw new Error(`the state ${version} is not stored any more; the oldest is ${resourceVersion}, of ${time}`, { cause })
  }
  return 0
}

async function versionOf(past: PastVersion, transport: Transport, signal: AbortSignal): Promise<string> {
  return 'resourceVersion' in past ? past.resourceVersion : (await stateAt(transport, past, signal)).resourceVersion
}

interface Wanted {
  path: string
  namespace: string | undefined
  output: string
  showsNamespaces: boolean
}

async function textOf(transport: Transport, { path, namespace, output, showsNamespaces }: Wanted, signal: AbortSignal): Promise<string> {
  if (output === 'json' || output === 'yaml') {
    const { body } = await transport.request({ method: 'GET', path }, signal)
    return output === 'yaml' ? printYAML(body) : `${JSON.stringify(body, null, 4)}\n`
  }
  const table = await readTable(transport, path, signal)
  if (table.rows.length > 0) return printTable(table, { wide: output === 'wide', namespaces: showsNamespaces })
  process.stderr.write(namespace === undefined ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`)
  return ''
}
