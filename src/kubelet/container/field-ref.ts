import { Quantity } from '#apimachinery/quantity/quantity.ts'
import { ownField } from '#apimachinery/value/own-field.ts'
import type { Container, Pod, ResourceFieldSelector } from '#api/core/v1/types.gen.ts'

export interface FieldFacts {
  podIPs: readonly string[]
  hostIPs: readonly string[]
  nodeName: string
  /** What the node can give to pods: the value of limits that are not set. */
  allocatable: Record<string, string>
}

/** The value of a downward API `fieldRef`. @throws Error for a path that does not exist */
export function fieldValue(pod: Pod, fieldPath: string, facts: FieldFacts): string {
  const { metadata, spec } = pod
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath)
  if (keyed !== null) return ownField(metadata[keyed[1] as 'labels' | 'annotations'], keyed[2]!) ?? ''
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata.labels ?? {})
    case 'metadata.annotations':
      return formatMap(metadata.annotations ?? {})
    case 'spec.nodeName':
      return facts.nodeName
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? ''
    case 'spec.host':
    case 'status.hostIP':
      return facts.hostIPs[0] ?? ''
    case 'status.hostIPs':
      return facts.hostIPs.join(',')
    case 'status.podIP':
      return facts.podIPs[0] ?? ''
    case 'status.podIPs':
      return facts.podIPs.join(',')
    default:
      throw new Error(`unsupported fieldPath: ${fieldPath}`)
  }
}

/** Sorted `key="value"` lines with the value quoted as in Go. */
function formatMap(texts: Record<string, string>): string {
  return Object.keys(texts)
    .sort()
    .map(key => `${key}=${JSON.stringify(texts[key])}`)
    .join('\n')
}

/** The value of a `resourceFieldRef`: in units of the divisor, rounded up; a limit that is not set is the node's allocatable. */
export function resourceFieldValue(
  pod: Pod,
  container: Container,
  selector: ResourceFieldSelector,
  allocatable: Record<string, string>,
): string {
  const { resource } = selector
  const from = selector.containerName ? findContainer(pod, selector.containerName) : container
  const [list, name] = splitOnce(resource, '.')
  const amounts = list === 'requests' ? from.resources?.requests : list === 'limits' ? from.resources?.limits : undefined
  if ((list !== 'requests' && list !== 'limits') || name === '') throw new Error(`unsupported container resource : ${resource}`)
  const text = amounts?.[name] ?? (list === 'limits' || name === 'ephemeral-storage' ? allocatable[name] : undefined) ?? '0'
  const divisor = selector.divisor === undefined || Quantity.parse(String(selector.divisor)).sign() === 0 ? '1' : String(selector.divisor)
  const [value, unit] = [Quantity.parse(text).nanos, Quantity.parse(divisor).nanos]
  return String((value + unit - 1n) / unit)
}

function findContainer(pod: Pod, name: string): Container {
  const found = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(container => container.name === name)
  if (found === undefined) throw new Error(`container ${name} not found`)
  return found
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
