import { duplicate, type FieldError, type FieldPath, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { isValidPortName, isValidPortNum } from '#apimachinery/validation/names.ts'
import type { AnyContainer } from '../containers.ts'
import type { ContainerPort, PodSpec } from '../types.gen.ts'

export const supportedProtocols = ['SCTP', 'TCP', 'UDP']

export function validateProtocol(protocol: string | undefined, path: FieldPath): FieldError[] {
  if (!protocol) return [required(path)]
  return supportedProtocols.includes(protocol) ? [] : [notSupported(path, protocol, supportedProtocols)]
}

/** A number from 1 to 65535 or the name of a port. */
export function validatePortNumberOrName(port: number | string | undefined, path: FieldPath): FieldError[] {
  const messages = typeof port === 'string' ? isValidPortName(port) : isValidPortNum(port ?? 0)
  return messages.map(message => invalid(path, port ?? 0, message))
}

export function validateContainerPorts(ports: readonly ContainerPort[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, port] of (ports ?? []).entries()) {
    const at = path.index(index)
    if (port.name) {
      const messages = isValidPortName(port.name)
      for (const message of messages) errors.push(invalid(at.child('name'), port.name, message))
      if (messages.length === 0 && names.has(port.name)) errors.push(duplicate(at.child('name'), port.name))
      if (messages.length === 0) names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(at.child('containerPort')))
    else
      for (const message of isValidPortNum(port.containerPort)) errors.push(invalid(at.child('containerPort'), port.containerPort, message))
    if (port.hostPort) {
      for (const message of isValidPortNum(port.hostPort)) errors.push(invalid(at.child('hostPort'), port.hostPort, message))
    }
    errors.push(...validateProtocol(port.protocol, at.child('protocol')))
  }
  return errors
}

/** Each (protocol, address, port) of the host is taken at most once among these containers. */
export function validateHostPortConflicts(containers: readonly AnyContainer[], path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const taken = new Set<string>()
  for (const [containerIndex, { ports }] of containers.entries()) {
    for (const [portIndex, { protocol = '', hostIP = '', hostPort = 0 }] of (ports ?? []).entries()) {
      if (hostPort === 0) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) errors.push(duplicate(path.index(containerIndex).child('ports').index(portIndex).child('hostPort'), key))
      taken.add(key)
    }
  }
  return errors
}

/** In the host's network a port of a container is a port of the host. Templates may leave hostPort out: it is filled in later. */
export function validateHostNetworkPorts(spec: PodSpec, path: FieldPath, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return []
  const errors: FieldError[] = []
  for (const [containerIndex, { ports }] of spec.containers.entries()) {
    for (const [portIndex, { hostPort = 0, containerPort }] of (ports ?? []).entries()) {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) continue
      const at = path.child('containers').index(containerIndex).child('ports').index(portIndex).child('hostPort')
      errors.push(invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
    }
  }
  return errors
}
