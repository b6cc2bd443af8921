import { type CIDR, formatCIDR, overlaps, parseCIDR, subnet } from '#base/cidr.ts'

/** The part of a line of `ip -j route` that is looked at. */
export interface Route {
  /** A range, an address, or `default`. */
  dst: string
  dev?: string
  metric?: number
}

export interface PodCIDROptions {
  /** What the user asked for; without it the first free one of the defaults. */
  wanted?: string
  routes: readonly Route[]
  /** Which routes are this cluster's own, from an earlier start, and therefore no obstacle. */
  isOwn?: (route: Route) => boolean
  /** Addresses that must stay reachable, such as the machine's resolvers. */
  avoid?: readonly string[]
}

/** Default of most Kubernetes installers, then its neighbours for the clusters beside it. */
const defaultRanges = Array.from({ length: 8 }, (_, index) => `10.${244 + index}.0.0/16`)
/** A node gets 254 addresses, as upstream's default node mask has it. */
const nodePrefixLength = 24
const clusterPrefixLengthMax = 28

/**
 * The range that the cluster's pods get their addresses from: one that the machine does not route elsewhere.
 * @throws when the wanted range, or every default, is in use or unusable
 */
export function choosePodCIDR({ wanted, routes, isOwn = () => false, avoid = [] }: PodCIDROptions): string {
  const inUse = [...routes.filter(route => !isOwn(route)).map(({ dst }) => dst), ...avoid]
  const obstacleOf = (range: CIDR) => inUse.find(text => isObstacle(text, range))
  if (wanted !== undefined) {
    const range = parseCIDR(wanted)
    if (range === undefined || range.prefixLength > clusterPrefixLengthMax || range.prefixLength === 0)
      throw new Error(
        `cannot use "${wanted}" for pods: want an IPv4 range such as ${defaultRanges[0]}, with a prefix of 1 to ${clusterPrefixLengthMax}`,
      )
    const obstacle = obstacleOf(range)
    if (obstacle !== undefined)
      throw new Error(`cannot use "${wanted}" for pods: this machine uses ${obstacle} already; choose another range`)
    return formatCIDR(range)
  }
  const free = defaultRanges.find(text => obstacleOf(parseCIDR(text)!) === undefined)
  if (free === undefined)
    throw new Error(`cannot find a free range for pods between ${defaultRanges[0]} and ${defaultRanges.at(-1)}: name one yourself`)
  return free
}

/** The part of the cluster's pod range that a node takes, by the node's number. */
export function nodePodCIDR(clusterCIDR: string, index: number): string | undefined {
  const range = parseCIDR(clusterCIDR)
  const part = range && subnet(range, Math.max(nodePrefixLength, range.prefixLength), index)
  return part && formatCIDR(part)
}

function isObstacle(text: string, range: CIDR): boolean {
  const other = parseCIDR(text)
  // The default route, also when written as 0.0.0.0/0, leads everywhere and says nothing.
  return other !== undefined && other.prefixLength > 0 && overlaps(other, range)
}
