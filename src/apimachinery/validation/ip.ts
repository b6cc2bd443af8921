import { isIPv6 } from 'node:net'
import { quote } from '../text/quote.ts'

const notAnIP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const notACIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'

/** An address as bytes: 4 or 16. `sloppy` when it was written with leading zeros, which only old fields accept. */
export interface ParsedIP {
  bytes: number[]
  sloppy: boolean
}

/** Understands what upstream's ParseIPSloppy does: zones are refused, leading zeros in IPv4 are decimal. */
export function parseIP(text: string): ParsedIP | undefined {
  if (text.includes(':')) {
    if (!isIPv6(text) || text.includes('%')) return undefined
    return { bytes: ipv6Bytes(text), sloppy: false }
  }
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^[0-9]{1,}$/.test(part) && Number(part) <= 255)) return undefined
  return { bytes: parts.map(Number), sloppy: parts.some(part => part.length > 1 && part.startsWith('0')) }
}

function ipv6Bytes(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  return [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right]
}

function groups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap(group => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 255]
  })
}

function isIPv4Mapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255
}

/** RFC 5952 text; IPv4-mapped addresses are written as IPv4, as Go's `net.IP` does. */
export function ipText(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.')
  if (isIPv4Mapped(bytes)) return bytes.slice(12).join('.')
  const words = Array.from({ length: 8 }, (_, index) => bytes[2 * index]! * 256 + bytes[2 * index + 1]!)
  let start = -1
  let length = 1
  for (let index = 0; index < 8; index++) {
    let end = index
    while (end < 8 && words[end] === 0) end++
    if (end - index > length) {
      start = index
      length = end - index
    }
    index = Math.max(index, end - 1)
  }
  const hex = (from: number, to: number) =>
    words
      .slice(from, to)
      .map(word => word.toString(16))
      .join(':')
  return start < 0 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`
}

/** What is wrong with an address of a field that accepts every old spelling. `strict`: leading zeros and IPv4-mapped IPv6 are refused. */
export function isValidIPForLegacyField(value: string, strict = false): string[] {
  const parsed = parseIP(value)
  if (parsed === undefined) return [notAnIP]
  const errors: string[] = []
  if (strict && parsed.sloppy) errors.push('must not have leading 0s')
  if (strict && isIPv4Mapped(parsed.bytes)) errors.push('must not be an IPv4-mapped IPv6 address')
  return errors
}

/** What is wrong with an address that must be in canonical form. */
export function isValidIP(value: string): string[] {
  const errors = isValidIPForLegacyField(value, true)
  if (errors.length > 0) return errors
  const canonical = ipText(parseIP(value)!.bytes)
  return canonical === value ? [] : [`must be in canonical form (${quote(canonical)})`]
}

export interface ParsedCIDR extends ParsedIP {
  prefixLength: number
}

export function parseCIDR(text: string): ParsedCIDR | undefined {
  const slash = text.indexOf('/')
  if (slash < 0) return undefined
  const ip = parseIP(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (ip === undefined || !/^[0-9]{1,}$/.test(length) || Number(length) > ip.bytes.length * 8) return undefined
  return { bytes: ip.bytes, sloppy: ip.sloppy || (length.length > 1 && length.startsWith('0')), prefixLength: Number(length) }
}

/** The address with the bits after the prefix cleared. */
export function maskedBytes({ bytes, prefixLength }: ParsedCIDR): number[] {
  return bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - index * 8))
    return byte & (0xff << (8 - bits)) & 0xff
  })
}

export function isCIDRForLegacyField(value: string, strict = false): string[] {
  const parsed = parseCIDR(value)
  if (parsed === undefined) return [notACIDR]
  if (!strict) return []
  if (parsed.sloppy) return ['must not have leading 0s in IP or prefix length']
  if (isIPv4Mapped(parsed.bytes)) return ['must not have an IPv4-mapped IPv6 address']
  if (maskedBytes(parsed).some((byte, index) => byte !== parsed.bytes[index])) return ['must not have bits set beyond the prefix length']
  return []
}

/** What is wrong with a CIDR that must be in canonical form. */
export function isCIDR(value: string): string[] {
  const errors = isCIDRForLegacyField(value, true)
  if (errors.length > 0) return errors
  const parsed = parseCIDR(value)!
  const canonical = `${ipText(parsed.bytes)}/${parsed.prefixLength}`
  return canonical === value ? [] : [`must be in canonical form (${quote(canonical)})`]
}

/** `4` or `6` for an address in any accepted spelling (IPv4-mapped counts as 4); undefined for no address. */
export function ipFamilyOf(value: string): 4 | 6 | undefined {
  const parsed = parseIP(value)
  if (parsed === undefined) return undefined
  return parsed.bytes.length === 4 || isIPv4Mapped(parsed.bytes) ? 4 : 6
}
