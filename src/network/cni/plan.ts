import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Route } from './pod-cidr.ts'

/** How pods reach what is outside of the cluster: through the machine's address, with their own (the network around must know the way back), or not at all. */
export type Egress = 'masquerade' | 'route' | 'none'

export interface PodNetworkOptions {
  /** Tells clusters on one machine apart. */
  clusterID: string
  /** Range of all pods of the cluster, and this node's part of it. */
  clusterCIDR: string
  nodeCIDR: string
  serviceCIDR: string
  egress: Egress
  /** Bytes a packet of a pod may have; without it, the bridge's default of 1500. */
  mtu?: number
  /** Where containerd looks for the network configuration. */
  confFolder: string
  /** Where the addresses given out are noted. */
  ipamFolder: string
}

/** Everything that makes the pod network, as data. */
export interface PodNetworkPlan {
  bridge: string
  network: string
  conflist: { path: string; text: string }
  /** Lines for `ip -batch`. */
  addRoutes: string[]
  deleteRoutes: string[]
  /** Name of our table in family `ip`. */
  table: string
  /** Script for `nft -f` that puts the table in place of an earlier one. */
  ruleset: string
}

/** Guard routes have the least priority, so that any real route into these ranges wins; the rest tells clusters apart. */
const guardMetricBase = 2_000_000_000
const guardMetricCount = 1_000_000

export function planPodNetwork(options: PodNetworkOptions): PodNetworkPlan {
  const bridge = bridgeName(options.clusterID)
  const network = `coxswain-${shortHash(options.clusterID)}`
  const guards = [options.clusterCIDR, options.serviceCIDR].map(range => `unreachable ${range} metric ${guardMetric(options.clusterID)}`)
  return {
    bridge,
    network,
    conflist: { path: join(options.confFolder, '10-coxswain.conflist'), text: conflist(options, bridge, network) },
    addRoutes: guards.map(guard => `route replace ${guard}`),
    deleteRoutes: guards.map(guard => `route delete ${guard}`),
    table: network,
    ruleset: ruleset(options, bridge, network),
  }
}

/** Name of the cluster's bridge; the kernel allows 15 characters. */
export function bridgeName(clusterID: string): string {
  return `cox${shortHash(clusterID)}`
}

/** Whether a table, as `family name`, is that of some Coxswain cluster. */
export function isClusterTable(table: string): boolean {
  return /^ip coxswain-[0-9a-f]{8}$/.test(table)
}

/** Whether a route was made for this cluster. */
export function isOwnRoute(clusterID: string): (route: Route) => boolean {
  const [bridge, metric] = [bridgeName(clusterID), guardMetric(clusterID)]
  return route => route.dev === bridge || route.metric === metric
}

function guardMetric(clusterID: string): number {
  return guardMetricBase + (Number.parseInt(shortHash(clusterID), 16) % guardMetricCount)
}

function shortHash(clusterID: string): string {
  return createHash('sha256').update(clusterID).digest('hex').slice(0, 8)
}

function conflist({ nodeCIDR, ipamFolder, mtu }: PodNetworkOptions, bridge: string, name: string): string {
  const ipam = { type: 'host-local', dataDir: ipamFolder, ranges: [[{ subnet: nodeCIDR }]], routes: [{ dst: '0.0.0.0/0' }] }
  const plugins = [
    { type: 'bridge', bridge, isGateway: true, ipMasq: false, hairpinMode: true, ...(mtu !== undefined && { mtu }), ipam },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ]
  return `${JSON.stringify({ cniVersion: '1.0.0', name, plugins }, undefined, 2)}\n`
}

function ruleset({ clusterCIDR, serviceCIDR, egress }: PodNetworkOptions, bridge: string, table: string): string {
  const outward = `iifname "${bridge}" oifname != "${bridge}"`
  const chains: Record<Egress, string> = {
    masquerade: `
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr ${clusterCIDR} ip daddr != { ${clusterCIDR}, ${serviceCIDR} } oifname != "${bridge}" masquerade
  }`,
    route: '',
    none: `
  chain forward {
    type filter hook forward priority filter
    ${outward} ct state new reject with icmp admin-prohibited
  }`,
  }
  // Naming the table before deleting it makes the deletion work whether or not it was there.
  return `table ip ${table}\ndelete table ip ${table}\ntable ip ${table} {${chains[egress]}\n}\n`
}
