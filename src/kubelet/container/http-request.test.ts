import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { machineDialer } from '../host/dialer.ts'
import { httpGet, httpGetOf } from './http-request.ts'

const container = { name: 'main' }
const header = (name: string, value: string) => ({ name, value })

test('headers of a probe: names in lower case, defaults replaced or taken away, values of one name together', () => {
  const headersWith = (...httpHeaders: { name: string; value: string }[]) =>
    httpGetOf({ port: 80, httpHeaders }, container, '10.0.0.1', 'kube-probe/1.36').headers
  const connection = 'close'
  assert.deepEqual(headersWith(), { 'user-agent': 'kube-probe/1.36', accept: '*/*', connection })
  assert.deepEqual(headersWith(header('ACCEPT', 'text/plain'), header('user-agent', 'me')), {
    'user-agent': 'me',
    accept: 'text/plain',
    connection,
  })
  assert.deepEqual(headersWith(header('Accept', ''), header('User-Agent', '')), { connection })
  assert.equal(headersWith(header('X-Mark', 'a'), header('x-mark', 'b'))['x-mark'], 'a, b')
})

test('headers of a probe as they go over the network: as Go writes them', async context => {
  let seen: string[] = []
  const server = createServer((request, response) => {
    seen = request.rawHeaders
    response.writeHead(204).end()
  })
  context.after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const httpHeaders = [header('x-custom-header', 'Awesome'), header('host', 'web.example')]
  const request = httpGetOf({ port, httpHeaders }, container, '127.0.0.1', 'kube-probe/1.36')
  assert.equal(await httpGet(machineDialer, request, new AbortController().signal), 204)
  assert.deepEqual(Object.fromEntries(Array.from({ length: seen.length / 2 }, (_, index) => [seen[index * 2], seen[index * 2 + 1]])), {
    'User-Agent': 'kube-probe/1.36',
    Accept: '*/*',
    Connection: 'close',
    'X-Custom-Header': 'Awesome',
    Host: 'web.example',
  })
})
