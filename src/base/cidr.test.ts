import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCIDR, overlaps, parseCIDR, parseIPv4, subnet } from './cidr.ts'

const ranges = [
  { have: '10.244.0.0/16', want: '10.244.0.0/16' },
  { have: '10.244.3.7/16', want: '10.244.0.0/16' },
  { have: '192.0.2.1', want: '192.0.2.1/32' },
  { have: '0.0.0.0/0', want: '0.0.0.0/0' },
  { have: '255.255.255.255/32', want: '255.255.255.255/32' },
  { have: '10.244.0.0/33', want: undefined },
  { have: '10.244.0.0/016', want: undefined },
  { have: '10.244.0/16', want: undefined },
  { have: '10.244.0.256/16', want: undefined },
  { have: '10.244.0.0/', want: undefined },
  { have: '10.244.0.0/16/1', want: undefined },
  { have: 'fd00::/8', want: undefined },
  { have: 'default', want: undefined },
]
for (const { have, want } of ranges)
  test(`parseCIDR: ${have} → ${want}`, () => {
    const range = parseCIDR(have)
    assert.equal(range && formatCIDR(range), want)
  })

test('parseIPv4: leading zeros could mean octal → refused', () => assert.equal(parseIPv4('010.0.0.1'), undefined))

const pairs = [
  { left: '10.244.0.0/16', right: '10.244.7.0/24', want: true },
  { left: '10.244.7.0/24', right: '10.244.0.0/16', want: true },
  { left: '10.244.0.0/16', right: '10.245.0.0/16', want: false },
  { left: '10.0.0.0/8', right: '10.96.0.0/12', want: true },
  { left: '0.0.0.0/0', right: '192.0.2.0/24', want: true },
  { left: '192.0.2.0/25', right: '192.0.2.128/25', want: false },
]
for (const { left, right, want } of pairs)
  test(`overlaps: ${left} and ${right} → ${want}`, () => assert.equal(overlaps(parseCIDR(left)!, parseCIDR(right)!), want))

const subnets = [
  { range: '10.244.0.0/16', prefixLength: 24, index: 0, want: '10.244.0.0/24' },
  { range: '10.244.0.0/16', prefixLength: 24, index: 255, want: '10.244.255.0/24' },
  { range: '10.244.0.0/16', prefixLength: 24, index: 256, want: undefined },
  { range: '10.244.0.0/25', prefixLength: 24, index: 0, want: undefined },
]
for (const { range, prefixLength, index, want } of subnets)
  test(`subnet: number ${index} of length ${prefixLength} in ${range} → ${want}`, () => {
    const found = subnet(parseCIDR(range)!, prefixLength, index)
    assert.equal(found && formatCIDR(found), want)
  })
