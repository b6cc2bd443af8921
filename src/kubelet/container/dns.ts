import type { Pod } from '#api/core/v1/types.gen.ts'

export interface DNSConfig {
  servers: string[]
  searches: string[]
  options: string[]
}

export interface DNSInput {
  pod: Pod
  /** What is in the node's resolv.conf. */
  node: Readonly<DNSConfig>
  clusterDNS: readonly string[]
  clusterDomain: string
}

/** glibc and upstream's validation agree on these. */
const serversMax = 3
const searchesMax = 32
const searchCharactersMax = 2048

/**
 * What the pod's resolv.conf says, by its dnsPolicy and dnsConfig ("DNS for Services and Pods"). Warnings are for an event.
 */
export function podDNS({ pod, node, clusterDNS, clusterDomain }: DNSInput): {
  config: DNSConfig
  warnings: { reason: string; message: string }[]
} {
  const warnings: { reason: string; message: string }[] = []
  const config = basicConfig()
  const extra = pod.spec.dnsConfig
  if (extra !== undefined) {
    config.servers = unique([...config.servers, ...(extra.nameservers ?? [])])
    config.searches = unique([...config.searches, ...(extra.searches ?? [])])
    config.options = mergeOptions(config.options, extra.options ?? [])
  }
  limit()
  return { config, warnings }

  function basicConfig(): DNSConfig {
    const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
    if (policy === 'None') return { servers: [], searches: [], options: [] }
    const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && pod.spec.hostNetwork !== true)
    if (!wantsCluster) return { servers: [...node.servers], searches: [...node.searches], options: [...node.options] }
    if (clusterDNS.length === 0) {
      warnings.push({
        reason: 'MissingClusterDNS',
        message: `pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${policy}" policy. Falling back to "Default" policy.`,
      })
      return { servers: [...node.servers], searches: [...node.searches], options: [...node.options] }
    }
    const { namespace } = pod.metadata
    const cluster = clusterDomain === '' ? [] : [`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
    return { servers: [...clusterDNS], searches: unique([...cluster, ...node.searches]), options: ['ndots:5'] }
  }

  function limit(): void {
    if (config.servers.length > serversMax) {
      config.servers = config.servers.slice(0, serversMax)
      const line = config.servers.join(' ')
      warnings.push({
        reason: 'DNSConfigForming',
        message: `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${line}`,
      })
    }
    const kept = config.searches.slice(0, searchesMax)
    while (kept.join(' ').length > searchCharactersMax) kept.pop()
    if (kept.length === config.searches.length) return
    config.searches = kept
    const line = kept.join(' ')
    warnings.push({
      reason: 'DNSConfigForming',
      message: `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${line}`,
    })
  }
}

function unique(values: string[]): string[] {
  return [...new Set(values)]
}

function mergeOptions(base: readonly string[], extra: readonly { name?: string | undefined; value?: string | undefined }[]): string[] {
  const options = new Map(base.map(option => [option.split(':')[0] ?? '', option]))
  for (const { name = '', value } of extra) options.set(name, value === undefined ? name : `${name}:${value}`)
  return [...options.values()]
}

/** Reads a resolv.conf as glibc does: the last search line counts, comments and unknown lines are skipped. */
export function parseResolvConf(text: string): DNSConfig {
  const config: DNSConfig = { servers: [], searches: [], options: [] }
  for (const line of text.split('\n')) {
    const [word, ...values] = line.trim().split(/\s+/)
    if (word === 'nameserver' && values[0] !== undefined) config.servers.push(values[0])
    else if (word === 'search') config.searches = values.filter(value => value !== '.').map(value => value.replace(/\.$/, ''))
    else if (word === 'domain' && config.searches.length === 0) config.searches = values.slice(0, 1)
    else if (word === 'options') config.options.push(...values)
  }
  return config
}
