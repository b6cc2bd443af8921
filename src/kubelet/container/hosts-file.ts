import type { HostAlias } from '#api/core/v1/types.gen.ts'

const hostNetworkHeader = '# Kubernetes-managed hosts file (host network).\n'
const podNetworkHosts = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
  '',
].join('\n')

export interface HostsFileInput {
  podIPs: readonly string[]
  hostname: string
  /** `hostname.subdomain.namespace.svc.clusterDomain` needs it; '' without a subdomain. */
  fullDomainName: string
  hostAliases: readonly HostAlias[]
}

/** The text of /etc/hosts for a pod with a network of its own; layout as upstream writes it. */
export function managedHostsFile({ podIPs, hostname, fullDomainName, hostAliases }: HostsFileInput): string {
  const names = fullDomainName === '' ? hostname : `${fullDomainName}\t${hostname}`
  const own = podIPs.flatMap(ip => [ip, '\t', names, '\n']).join('')
  return podNetworkHosts + own + aliasEntries(hostAliases)
}

/** The node's own file, for pods on the node's network. */
export function hostNetworkHostsFile(nodeHosts: string, hostAliases: readonly HostAlias[]): string {
  return hostNetworkHeader + nodeHosts + aliasEntries(hostAliases)
}

function aliasEntries(hostAliases: readonly HostAlias[]): string {
  if (hostAliases.length === 0) return ''
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`)
  return `\n# Entries added by HostAliases.\n${lines.join('')}`
}
