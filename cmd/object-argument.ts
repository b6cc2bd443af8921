import { discoverResources, type DiscoveredResource } from '#client/discovery.ts'
import type { Transport } from '#client/transport.ts'
import { findResource } from '#kubectl/find-resource.ts'
import { type FlagDefinition, UsageError } from './flags.ts'

export const namespaceFlag = {
  type: 'string',
  short: 'n',
  placeholder: 'NAMESPACE',
  description: 'Namespace of the object (default "default")',
} as const satisfies FlagDefinition

/** What a command line names: `pod/web` or `pod web`, or `pods` alone. */
export interface ObjectArgument {
  resource: string
  name: string | undefined
}

/** @throws UsageError */
export function parseObjectArgument(rest: readonly string[]): ObjectArgument {
  const words = rest.length === 1 ? rest[0]!.split('/') : rest
  const [resource = '', name, ...more] = words
  if (resource === '') throw new UsageError('name a resource, such as pods')
  if (more.length > 0 || name === '') throw new UsageError(`unexpected argument "${rest.join(' ')}"; want RESOURCE/NAME or RESOURCE NAME`)
  return { resource, name }
}

/** @throws Error when the server has no such resource */
export async function resolveResource(text: string, transport: Transport, signal: AbortSignal): Promise<DiscoveredResource> {
  const found = findResource(text, await discoverResources(transport, signal))
  if (found === undefined) throw new Error(`the server doesn't have a resource type "${text}"`)
  return found
}
