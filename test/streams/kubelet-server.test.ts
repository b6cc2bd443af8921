import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { dialPortForwardWebSocket } from '../../src/apimachinery/httpstream/portforward/client.ts'
import { dialRemoteCommandSPDY, dialRemoteCommandWebSocket } from '../../src/apimachinery/httpstream/remotecommand/client.ts'
import { proxyStream, type ProxyResponse } from '../../src/apiserver/streams/proxy-stream.ts'
import { StatusError } from '../../src/apimachinery/status/status.ts'
import { RealClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import type { KubeletRequest } from '../../src/kubelet/server/request-attributes.ts'
import { KubeletServer } from '../../src/kubelet/server/server.ts'
import { newCertificates } from './certificates.ts'
import { ProcessHost, pod } from './process-host.ts'

const clock = new RealClock()
const signal = AbortSignal.any([])
const line = (text: string) => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`

let folder: string
let server: KubeletServer
let port: number
let certificates: Awaited<ReturnType<typeof newCertificates>>
const asked: KubeletRequest[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubelet-server-'))
  await writeFile(join(folder, '0.log'), line('one') + line('two'))
  certificates = await newCertificates()
  const { ca, server: serving } = certificates
  server = new KubeletServer({
    host: new ProcessHost(join(folder, '0.log')),
    tls: { ...serving, clientCA: ca },
    authorize: async attributes => {
      asked.push(attributes)
      if (attributes.bearerToken === 'good' || attributes.clientCertificate?.organizations.includes('system:masters'))
        return { allowed: true }
      return attributes.bearerToken === undefined
        ? { allowed: false, statusCode: 401, message: 'Unauthorized' }
        : { allowed: false, statusCode: 403, message: 'Forbidden' }
    },
    clock,
    logger: silentLogger,
  })
  ;({ port } = await server.listen(0, '127.0.0.1'))
})

after(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

async function fetchPath(path: string, options: { token?: string; method?: string; certificate?: boolean } = {}) {
  const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
  const identity = options.certificate ? certificates.client : {}
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path,
    method: options.method ?? 'GET',
    headers,
    ca: certificates.ca,
    agent: false,
    ...identity,
  })
  outgoing.end()
  const [response] = await once(outgoing, 'response')
  return { code: response.statusCode as number, body: await text(response) }
}

const token = 'good'
const pages: { name: string; path: string; options?: Parameters<typeof fetchPath>[1]; want: { code: number; body: string | RegExp } }[] = [
  { name: 'health needs no identity', path: '/healthz', options: {}, want: { code: 200, body: 'ok' } },
  { name: 'nobody', path: '/pods', options: {}, want: { code: 401, body: 'Unauthorized' } },
  { name: 'a wrong token', path: '/pods', options: { token: 'bad' }, want: { code: 403, body: 'Forbidden' } },
  {
    name: 'a client certificate',
    path: '/pods',
    options: { certificate: true },
    want: { code: 200, body: /^{"kind":"PodList".*"name":"web"/ },
  },
  { name: 'unknown page', path: '/nothing', want: { code: 404, body: '404 page not found' } },
  { name: 'malformed path', path: '/containerLogs/%zz', want: { code: 400, body: 'malformed request URL' } },
  { name: 'wrong method', path: '/pods', options: { token, method: 'DELETE' }, want: { code: 405, body: 'Method Not Allowed' } },
  { name: 'exec without upgrade', path: '/exec/default/web/main?output=1', want: { code: 400, body: 'Upgrade request required' } },
  { name: 'log', path: '/containerLogs/default/web/main', want: { code: 200, body: 'one\ntwo\n' } },
  { name: 'log, tail', path: '/containerLogs/default/web/main?tailLines=1', want: { code: 200, body: 'two\n' } },
  { name: 'log, old tail', path: '/containerLogs/default/web/main?tail=1', want: { code: 200, body: 'two\n' } },
  { name: 'log, old tail of all', path: '/containerLogs/default/web/main?tail=all', want: { code: 200, body: 'one\ntwo\n' } },
  { name: 'log, since a while', path: '/containerLogs/default/web/main?sinceSeconds=5', want: { code: 200, body: '' } },
  {
    name: 'log, bad number',
    path: '/containerLogs/default/web/main?tailLines=x',
    want: { code: 400, body: '{"message": "Unable to decode query."}' },
  },
  {
    name: 'log, negative',
    path: '/containerLogs/default/web/main?tailLines=-1',
    want: { code: 422, body: '{"message": "Invalid request."}' },
  },
  { name: 'log, unknown pod', path: '/containerLogs/default/other/main', want: { code: 404, body: 'pod does not exist' } },
]
for (const { name, path, options = { token }, want } of pages) {
  test(`kubelet page: ${name} → ${want.code}`, async () => {
    const { code, body } = await fetchPath(path, options)
    assert.equal(code, want.code)
    if (typeof want.body === 'string') assert.equal(body, want.body)
    else assert.match(body, want.body)
  })
}

const url = (path: string) => new URL(`https://127.0.0.1:${port}${path}`)
const all = { stdin: true, stdout: true, stderr: true, tty: false }
const upgrades: { name: string; path: string; token?: string; error: RegExp }[] = [
  { name: 'nobody', path: '/exec/default/web/main?output=1&command=id', error: /unable to upgrade connection: Unauthorized/ },
  { name: 'no stream', path: '/exec/default/web/main?command=id', token, error: /you must specify at least 1 of stdin, stdout, stderr/ },
  { name: 'unknown pod', path: '/exec/default/other/main?output=1', token, error: /pod does not exist/ },
  { name: 'unknown page', path: '/nothing', token, error: /404 page not found/ },
  { name: 'too few parts', path: '/attach/default/web?output=1', token, error: /404 page not found/ },
]
for (const { name, path, token, error } of upgrades) {
  for (const dial of [dialRemoteCommandSPDY, dialRemoteCommandWebSocket]) {
    test(`kubelet upgrade: ${name} → refused`, async () => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      await assert.rejects(dial({ url: url(path), headers, tls: { ca: certificates.ca }, clock, signal }, all), error)
    })
  }
}

test('clients: exec and port-forward with a client certificate → work', async () => {
  const tls = { ca: certificates.ca, ...certificates.client }
  for (const dial of [dialRemoteCommandSPDY, dialRemoteCommandWebSocket]) {
    const path = '/exec/default/web/11111111-2222-3333-4444-555555555555/main?input=1&output=1&error=1&command=cat'
    const process = await dial({ url: url(path), tls, clock, signal }, all)
    process.stdin!.end('hello')
    assert.equal(await text(process.stdout!), 'hello')
    assert.deepEqual(await process.result, { exitCode: 0 })
    await process.close()
  }
  const forwarder = await dialPortForwardWebSocket({ url: url(`/portForward/default/${pod.metadata.name}`), tls, clock, signal })
  const { error } = forwarder.open(1)
  assert.match(await error, /^error forwarding port 1 to pod web, uid .*: connect ECONNREFUSED/)
  await forwarder.close()
  assert.deepEqual(asked.at(-1), {
    verb: 'get',
    path: '/portForward/default/web',
    subresources: ['proxy'],
    clientCertificate: { commonName: 'kube-apiserver', organizations: ['system:masters'] },
    bearerToken: undefined,
  })
})

test('proxyStream: refusals of the kubelet → Status errors with its words', async () => {
  const response = {} as ProxyResponse
  const resource = { group: '', resource: 'pods' }
  const tls = { ca: certificates.ca, ...certificates.client }
  const refused = (path: string, targetPort = port) =>
    proxyStream({ response, target: { host: '127.0.0.1', port: targetPort, path, tls }, resource, name: 'web', signal }).then(
      () => assert.fail('no error'),
      (error: StatusError) => ({ code: error.code, reason: error.reason, message: error.message }),
    )
  assert.deepEqual(await refused('/containerLogs/default/web/main?tail=x'), {
    code: 400,
    reason: 'BadRequest',
    message: '{"message": "Unable to decode query."}',
  })
  const { code, reason } = await refused('/containerLogs/default/other/main')
  assert.deepEqual({ code, reason }, { code: 404, reason: 'NotFound' })
  const unreachable = await refused('/containerLogs/default/web/main', 1)
  assert.equal(unreachable.message, 'Internal error occurred: error dialing backend: connect ECONNREFUSED 127.0.0.1:1')
})
