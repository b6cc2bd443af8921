import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProxyable, parseProxyLocation, type ProxyLocation } from './proxy-location.ts'

const good: [string, ProxyLocation][] = [
  ['web', { scheme: 'http', name: 'web', port: undefined }],
  ['web:', { scheme: 'http', name: 'web', port: undefined }],
  ['web:8080', { scheme: 'http', name: 'web', port: 8080 }],
  ['https:web:8443', { scheme: 'https', name: 'web', port: 8443 }],
  ['https:web:', { scheme: 'https', name: 'web', port: undefined }],
  [':web:80', { scheme: 'http', name: 'web', port: 80 }],
]
for (const [text, want] of good) test(`proxy location: ${text}`, () => assert.deepEqual(parseProxyLocation(text), want))

for (const text of ['', ':80', 'ftp:web:21', 'a:b:c:d', 'web:http', 'web:0', 'web:65536', 'web:1.5', 'web:-1', 'https::443']) {
  test(`proxy location: "${text}" is none`, () => assert.equal(parseProxyLocation(text), undefined))
}

const addresses: [string, boolean][] = [
  ['10.244.0.7', true],
  ['192.168.1.5', true],
  ['fd00::7', true],
  ['127.0.0.1', false],
  ['127.8.8.8', false],
  ['0.0.0.0', false],
  ['169.254.169.254', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['fe80::1', false],
  ['::ffff:127.0.0.1', false],
  ['localhost', false],
  ['', false],
]
for (const [address, want] of addresses) {
  test(`the server ${want ? 'connects' : 'does not connect'} to "${address}" for others`, () => assert.equal(isProxyable(address), want))
}
