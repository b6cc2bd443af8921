import type { ConfigMap, Namespace } from '#api/core/v1/types.gen.ts'

/** Size of a stored object of `configMap`, as JSON. */
export const objectKilobytes = 3.1

const keys = 10
/** Makes the stored object, with its metadata and managed fields, 3.1 KB. */
const value = 'x'.repeat(247)

export function configMap(namespace: string, name: string): ConfigMap {
  const data = Object.fromEntries(Array.from({ length: keys }, (_, index) => [`key-${index}`, value]))
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data }
}

export function namespace(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} }
}

export const configMapsPath = (inNamespace: string) => `/api/v1/namespaces/${inNamespace}/configmaps`
