import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newUnauthorized } from '#apimachinery/status/status.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { APIRequest } from '../request/api-request.ts'
import { startTestServer, widgetsPath } from '../testing/test-server.ts'

/** Knows who the header names; lets `admin` do everything, and others list and act as `friend`. */
async function startGuarded() {
  const authorizer: Authorizer = {
    async authorize(attributes) {
      const isFriend = attributes.verb === 'impersonate' && attributes.isResourceRequest && attributes.name === 'friend'
      if (attributes.user.name === 'admin' || attributes.verb === 'list' || isFriend) return { decision: 'allow', reason: '' }
      return { decision: 'no-opinion', reason: attributes.user.name === 'reasoned' ? 'because' : '' }
    },
  }
  const server = await startTestServer({
    server: {
      authorizer,
      authenticator: {
        async authenticate({ headers }) {
          const name = headers['x-user']
          if (name === 'bad') throw newUnauthorized('the token is bad')
          return typeof name === 'string' ? { name, groups: [] } : undefined
        },
      },
    },
  })
  const send = async (method: string, path: string, headers: APIRequest['headers']) => {
    const body = { peerCertificate: () => undefined, readBody: async () => Buffer.alloc(0), signal: new AbortController().signal }
    const response = await server.server.handle({ method, path, query: '', headers, ...body })
    assert.ok(response.body.type === 'value' || response.body.type === 'chunked')
    const { message } = response.body.value() as { message?: string }
    return `${response.status} ${message ?? 'ok'}`
  }
  return { send, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const refusedGet = (user: string) =>
  `cannot get resource "widgets" in API group "test.example" in the namespace "default"`.replace(/^/, `User "${user}" `)

const cases: { name: string; send: [method: string, path: string, headers: APIRequest['headers']]; want: string }[] = [
  { name: 'allowed', send: ['GET', widgetsPath, { 'x-user': 'someone' }], want: '200 ok' },
  {
    name: 'refused',
    send: ['GET', `${widgetsPath}/a`, { 'x-user': 'someone' }],
    want: `403 widgets.test.example "a" is forbidden: ${refusedGet('someone')}`,
  },
  {
    name: 'refused with a reason',
    send: ['GET', `${widgetsPath}/a`, { 'x-user': 'reasoned' }],
    want: `403 widgets.test.example "a" is forbidden: ${refusedGet('reasoned')}: because`,
  },
  {
    name: 'cluster scope, subresource',
    send: ['PUT', '/apis/test.example/v1/things/a/status', { 'x-user': 'x' }],
    want: '403 things.test.example "a" is forbidden: User "x" cannot update resource "things/status" in API group "test.example" at the cluster scope',
  },
  { name: 'path', send: ['GET', '/version', { 'x-user': 'x' }], want: '403 forbidden: User "x" cannot get path "/version"' },
  { name: 'nobody', send: ['GET', '/version', {}], want: '403 forbidden: User "system:anonymous" cannot get path "/version"' },
  { name: 'bad credentials', send: ['GET', widgetsPath, { 'x-user': 'bad' }], want: '401 Unauthorized' },
  { name: 'acting as a friend', send: ['GET', widgetsPath, { 'x-user': 'x', 'impersonate-user': 'friend' }], want: '200 ok' },
  {
    name: 'acting as another',
    send: ['GET', widgetsPath, { 'x-user': 'x', 'impersonate-user': 'boss' }],
    want: '403 users "boss" is forbidden: User "x" cannot impersonate resource "users" in API group "" at the cluster scope',
  },
  {
    name: 'acting in a group only',
    send: ['GET', widgetsPath, { 'x-user': 'admin', 'impersonate-group': 'g' }],
    want: '400 requested [g] without impersonating a user',
  },
]

for (const { name, send, want } of cases) {
  test(`filters: ${name} → ${want.slice(0, 3)}`, async () => {
    await using server = await startGuarded()
    assert.equal(await server.send(...send), want)
  })
}
