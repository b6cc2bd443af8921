import { BlockList, isIPv4, isIPv6 } from 'node:net'

export interface ProxyLocation {
  scheme: 'http' | 'https'
  name: string
  /** Undefined when none is named. */
  port: number | undefined
}

/** The `NAME` of `pods/NAME/proxy` and `nodes/NAME/proxy`: `name`, `name:port` or `scheme:name:port`; undefined for anything else. */
export function parseProxyLocation(text: string): ProxyLocation | undefined {
  const parts = text.split(':')
  if (parts.length > 3) return undefined
  const [scheme, name = '', portText = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (name === '' || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) return undefined
  const port = portText === '' ? undefined : Number(portText)
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) return undefined
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

const unreachable = new BlockList()
unreachable.addSubnet('0.0.0.0', 8)
unreachable.addSubnet('127.0.0.0', 8)
unreachable.addSubnet('169.254.0.0', 16)
unreachable.addSubnet('224.0.0.0', 4)
unreachable.addAddress('255.255.255.255')
unreachable.addAddress('::', 'ipv6')
unreachable.addAddress('::1', 'ipv6')
unreachable.addSubnet('fe80::', 10, 'ipv6')
unreachable.addSubnet('ff00::', 8, 'ipv6')

/** Whether the server connects to that address for others: not to itself, nor to what only its own link has. */
export function isProxyable(address: string): boolean {
  if (isIPv4(address)) return !unreachable.check(address)
  return isIPv6(address) && !unreachable.check(address, 'ipv6')
}
