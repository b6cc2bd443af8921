/** What the volumes made of API objects hold. Shared by the plain volumes and by projected ones. */
import type { ConfigMap, Container, DownwardAPIVolumeFile, KeyToPath, Secret } from '#api/core/v1/types.gen.ts'
import { fieldValue, resourceFieldValue } from '../container/field-ref.ts'
import type { Payload, PayloadFile } from './atomic-writer.ts'
import type { VolumeContext } from './volume-plugin.ts'

type Contents = Map<string, PayloadFile['content']>

export interface PayloadOptions {
  items?: readonly KeyToPath[] | undefined
  optional?: boolean | undefined
  defaultMode: number
}

export async function configMapPayload(name: string, options: PayloadOptions, context: VolumeContext): Promise<Payload> {
  const configMap = await context.configMap(name)
  if (configMap === undefined && options.optional !== true) throw new Error(`configmap "${name}" not found`)
  return pick(configMap === undefined ? new Map() : configMapContents(configMap), options, 'references non-existent config key')
}

export async function secretPayload(name: string, options: PayloadOptions, context: VolumeContext): Promise<Payload> {
  const secret = await context.secret(name)
  if (secret === undefined && options.optional !== true) throw new Error(`secret "${name}" not found`)
  return pick(secret === undefined ? new Map() : secretContents(secret), options, 'references non-existent secret key')
}

export function downwardPayload(files: readonly DownwardAPIVolumeFile[], defaultMode: number, { pod, facts }: VolumeContext): Payload {
  const payload: Payload = new Map()
  for (const { path, mode = defaultMode, fieldRef, resourceFieldRef } of files) {
    const selected = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
      ({ name }) => name === resourceFieldRef?.containerName,
    )
    const value =
      fieldRef !== undefined
        ? fieldValue(pod, fieldRef.fieldPath, facts)
        : resourceFieldRef !== undefined
          ? resourceFieldValue(pod, selected ?? ({ name: '' } as Container), resourceFieldRef, facts.allocatable)
          : ''
    payload.set(path, { content: value, mode })
  }
  return payload
}

function configMapContents({ data = {}, binaryData = {} }: ConfigMap): Contents {
  const contents: Contents = new Map(Object.entries(data))
  for (const [key, value] of Object.entries(binaryData)) contents.set(key, Buffer.from(value, 'base64'))
  return contents
}

function secretContents({ data = {} }: Secret): Contents {
  return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}

function pick(contents: Contents, { items, optional, defaultMode }: PayloadOptions, refusal: string): Payload {
  if (items === undefined || items.length === 0)
    return new Map([...contents].map(([path, content]) => [path, { content, mode: defaultMode }]))
  const payload: Payload = new Map()
  for (const { key, path, mode = defaultMode } of items) {
    const content = contents.get(key)
    if (content !== undefined) payload.set(path, { content, mode })
    else if (optional !== true) throw new Error(`${refusal}: ${key}`)
  }
  return payload
}
