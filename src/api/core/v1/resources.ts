import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

function coreResource(
  kind: string,
  resource: string,
  options: { namespaced: boolean; shortNames?: string[]; categories?: string[] },
): ResourceInfo {
  return { group: '', version: 'v1', kind, resource, singular: kind.toLowerCase(), schema: `io.k8s.api.core.v1.${kind}`, ...options }
}

export const pods = coreResource('Pod', 'pods', { namespaced: true, shortNames: ['po'], categories: ['all'] })
export const namespaces = coreResource('Namespace', 'namespaces', { namespaced: false, shortNames: ['ns'] })
export const nodes = coreResource('Node', 'nodes', { namespaced: false, shortNames: ['no'] })
export const services = coreResource('Service', 'services', { namespaced: true, shortNames: ['svc'], categories: ['all'] })
export const configMaps = coreResource('ConfigMap', 'configmaps', { namespaced: true, shortNames: ['cm'] })
export const secrets = coreResource('Secret', 'secrets', { namespaced: true })
export const serviceAccounts = coreResource('ServiceAccount', 'serviceaccounts', { namespaced: true, shortNames: ['sa'] })
export const events = coreResource('Event', 'events', { namespaced: true, shortNames: ['ev'] })
export const endpoints = coreResource('Endpoints', 'endpoints', { namespaced: true, shortNames: ['ep'] })
