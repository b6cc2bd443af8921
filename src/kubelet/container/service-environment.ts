import type { Service } from '#api/core/v1/types.gen.ts'

/** The Docker-link-like variables of the services that a pod can see (`{NAME}_SERVICE_HOST`, …; "Accessing the Service", documentation). */
export function serviceEnvironment(services: readonly Service[]): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const service of services) Object.assign(environment, variablesOf(service))
  return environment
}

/** Services with an address, in the pod's namespace or, for the API server alone, in the default one. */
export function visibleServices(services: Iterable<Service>, namespace: string, enableServiceLinks: boolean): Service[] {
  const visible = new Map<string, Service>()
  for (const service of services) {
    const { clusterIP } = service.spec ?? {}
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue
    const { name, namespace: from } = service.metadata
    const isMaster = from === 'default' && name === 'kubernetes'
    if (isMaster && !visible.has(name)) visible.set(name, service)
    else if (from === namespace && enableServiceLinks) visible.set(name, service)
  }
  return [...visible.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

function variablesOf(service: Service): Record<string, string> {
  const { clusterIP = '', ports = [] } = service.spec ?? {}
  const [first] = ports
  if (first === undefined) return {}
  const prefix = variableName(service.metadata.name)
  const variables: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: clusterIP, [`${prefix}_SERVICE_PORT`]: String(first.port) }
  for (const { name, port } of ports) if (name) variables[`${prefix}_SERVICE_PORT_${variableName(name)}`] = String(port)
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host}:${port}`
    if (index === 0) variables[`${prefix}_PORT`] = url
    const portPrefix = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
    variables[portPrefix] = url
    variables[`${portPrefix}_PROTO`] = protocol.toLowerCase()
    variables[`${portPrefix}_PORT`] = String(port)
    variables[`${portPrefix}_ADDR`] = clusterIP
  }
  return variables
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_')
}
