import { canonicalResourceList } from '../resource-list.ts'
import type { Endpoints, Namespace, Node, Secret } from '../types.gen.ts'

/** Every namespace carries its name as a label. A namespace whose name is still to be made gets it later. */
export function defaultNamespace(namespace: Namespace): void {
  namespace.spec ??= {}
  if (namespace.metadata.name) {
    namespace.metadata.labels = { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name }
  }
  namespace.status ??= {}
  namespace.status.phase ||= 'Active'
}

export function defaultNode(node: Node): void {
  node.spec ??= {}
  if (node.spec.podCIDR && node.spec.podCIDRs === undefined) node.spec.podCIDRs = [node.spec.podCIDR]
  else if (!node.spec.podCIDR && node.spec.podCIDRs?.[0] !== undefined) node.spec.podCIDR = node.spec.podCIDRs[0]
  const { status } = node
  if (status === undefined) return
  if (status.capacity !== undefined) status.capacity = canonicalResourceList(status.capacity)
  if (status.allocatable !== undefined) status.allocatable = canonicalResourceList(status.allocatable)
  else if (status.capacity !== undefined) status.allocatable = { ...status.capacity }
}

/** `stringData` is only for writing: it becomes base64 in `data`. */
export function defaultSecret(secret: Secret): void {
  secret.type ||= 'Opaque'
  if (secret.stringData === undefined) return
  const data = { ...secret.data }
  for (const [key, text] of Object.entries(secret.stringData)) data[key] = Buffer.from(text).toString('base64')
  if (Object.keys(data).length > 0) secret.data = data
  delete secret.stringData
}

export function defaultEndpoints(endpoints: Endpoints): void {
  for (const subset of endpoints.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
}
