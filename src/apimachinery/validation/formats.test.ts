import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as names from './names.ts'

const long = (length: number) => 'a'.repeat(length)

/** The first message must start with the text; '' means valid. */
for (const { check, cases } of [
  {
    check: names.isDNS1123Label,
    cases: {
      a: '',
      'a-1': '',
      'a.b': 'must not contain dots',
      A: 'a lowercase RFC 1123 label must consist of',
      '-a': 'a lowercase RFC 1123 label',
      '': 'a lowercase RFC 1123 label',
      [long(63)]: '',
      [long(64)]: 'must be no more than 63 characters',
    },
  },
  {
    check: names.isDNS1123Subdomain,
    cases: { 'a.b-c.d': '', 'a..b': 'a lowercase RFC 1123 subdomain must consist of', [long(254)]: 'must be no more than 253 characters' },
  },
  {
    check: names.isDNS1035Label,
    cases: { 'a-1': '', '1a': 'a DNS-1035 label must consist of', [long(64)]: 'must be no more than 63 characters' },
  },
  { check: names.isWildcardDNS1123Subdomain, cases: { '*.a.b': '', 'a.b': "a wildcard DNS-1123 subdomain must start with '*.'" } },
  {
    check: names.isQualifiedName,
    cases: {
      a: '',
      'A_b.c-1': '',
      'example.com/a': '',
      '': 'name part must be non-empty',
      '/a': 'prefix part must be non-empty',
      'a/': 'name part must be non-empty',
      'A.com/a': 'prefix part a lowercase RFC 1123 subdomain',
      'a/b/c': 'a valid label key must consist of alphanumeric characters',
      'a-': 'name part must consist of alphanumeric characters',
      [long(64)]: 'name part must be no more than 63 bytes',
    },
  },
  {
    check: names.isValidLabelValue,
    cases: { '': '', a: '', '-a': 'a valid label must be an empty string or consist of', [long(64)]: 'must be no more than 63 bytes' },
  },
  {
    check: names.isValidPortName,
    cases: {
      http: '',
      'a-1': '',
      '1': 'must contain at least one letter (a-z)',
      'a--b': 'must not contain consecutive hyphens',
      '-a': 'must not begin or end with a hyphen',
      A: 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      [long(16)]: 'must be no more than 15 characters',
    },
  },
  {
    check: names.isEnvVarName,
    cases: { A_b: '', '1a': 'a valid environment variable name must consist of alphabetic', '..': "must not be '..'" },
  },
  {
    check: names.isRelaxedEnvVarName,
    cases: {
      '1 a': '',
      'a=b': 'a valid environment variable name must consist only of printable',
      '': 'environment variable name must be non-empty',
    },
  },
  { check: names.isConfigMapKey, cases: { 'a.b': '', 'a/b': 'a valid config key must consist of', '..a': "must not start with '..'" } },
  { check: names.isHTTPHeaderName, cases: { 'X-A': '', 'X:A': 'a valid HTTP header must consist of' } },
  { check: names.isValidPercent, cases: { '5%': '', '5': 'a valid percent string must be a numeric string followed by an ending' } },
  { check: names.isPathSegmentName, cases: { a: '', '.': "may not be '.'", 'a/b': "may not contain '/'" } },
  { check: names.isCIdentifier, cases: { _a1: '', '1a': 'a valid C identifier must start with' } },
  { check: names.isFullyQualifiedName, cases: { 'a.b.c': '', 'a.b': 'should be a domain with at least three segments' } },
  { check: names.isDomainPrefixedPath, cases: { 'a.io/b': '', b: 'must be a domain-prefixed path (such as "acme.io/foo")' } },
  {
    check: names.isValidIP,
    cases: {
      '10.0.0.1': '',
      '::1': '',
      '010.0.0.1': 'must not have leading 0s',
      '::ffff:1.2.3.4': 'must not be an IPv4-mapped IPv6 address',
      '2001:DB8::1': 'must be in canonical form ("2001:db8::1")',
      '1:0:0:2:0:0:0:3': 'must be in canonical form ("1:0:0:2::3")',
      'a.b': 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'fe80::1%eth0': 'must be a valid IP address',
    },
  },
  {
    check: names.isCIDR,
    cases: {
      '10.0.0.0/8': '',
      '2001:db8::/32': '',
      '10.0.0.1/8': 'must not have bits set beyond the prefix length',
      '10.0.0.0/33': 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      '10.0.0.0': 'must be a valid CIDR value',
    },
  },
] as { check: (value: string) => string[]; cases: Record<string, string> }[]) {
  for (const [value, want] of Object.entries(cases)) {
    test(`${check.name}("${value.slice(0, 20)}") → ${want || 'valid'}`, () => {
      const [first = ''] = check(value)
      if (want === '') assert.equal(first, '')
      else assert.ok(first.startsWith(want), first)
    })
  }
}

test('isDNS1123Label: the whole sentence', () => {
  assert.deepEqual(names.isDNS1123Label('A'), [
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ])
})

test('isValidPortNum', () => {
  assert.deepEqual(names.isValidPortNum(80), [])
  assert.deepEqual(names.isValidPortNum(0), ['must be between 1 and 65535, inclusive'])
})

test('a generateName may end with a dash', () => {
  assert.deepEqual(names.nameIsDNSLabel('web-', true), [])
  assert.equal(names.nameIsDNSLabel('web-', false).length, 1)
})
