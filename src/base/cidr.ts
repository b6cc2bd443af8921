/** An IPv4 range: its first address as a number, and the length of its prefix. */
export interface CIDR {
  first: number
  prefixLength: number
}

/** Parses an IPv4 address in dotted form; undefined for anything else. */
export function parseIPv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return undefined
  return parts.reduce((address, part) => address * 256 + Number(part), 0)
}

export function formatIPv4(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 255).join('.')
}

/**
 * Parses `a.b.c.d/n`, or an address alone as the range of that address; undefined for anything else. Bits behind the prefix are
 * cleared.
 */
export function parseCIDR(text: string): CIDR | undefined {
  const [address, length, ...rest] = text.split('/')
  const first = parseIPv4(address ?? '')
  if (first === undefined || rest.length > 0) return undefined
  if (length !== undefined && !/^(0|[1-9]\d?)$/.test(length)) return undefined
  const prefixLength = length === undefined ? 32 : Number(length)
  if (prefixLength > 32) return undefined
  return { first: first - (first % addressCount(prefixLength)), prefixLength }
}

export function formatCIDR({ first, prefixLength }: CIDR): string {
  return `${formatIPv4(first)}/${prefixLength}`
}

/** Whether the ranges have an address in common. */
export function overlaps(left: CIDR, right: CIDR): boolean {
  const shorter = Math.min(left.prefixLength, right.prefixLength)
  return Math.floor(left.first / addressCount(shorter)) === Math.floor(right.first / addressCount(shorter))
}

/** The `index`-th range of that prefix length inside a range; undefined where there is none. */
export function subnet(range: CIDR, prefixLength: number, index: number): CIDR | undefined {
  if (prefixLength < range.prefixLength || index < 0) return undefined
  const offset = index * addressCount(prefixLength)
  return offset < addressCount(range.prefixLength) ? { first: range.first + offset, prefixLength } : undefined
}

function addressCount(prefixLength: number): number {
  return 2 ** (32 - prefixLength)
}
