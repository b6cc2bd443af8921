import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { ControlServer, matchPath } from './control-server.ts'
import type { HostedCluster } from './hosted-cluster.ts'
import { type Route, route } from './route.ts'
import { anything } from '#apimachinery/validation/shape.ts'
import { TimeClaims } from './time-claims.ts'

const paths: { declared: string; path: string; want: Record<string, string> | undefined }[] = [
  { declared: '/', path: '/', want: {} },
  { declared: '/nodes/{name}', path: '/nodes/a', want: { name: 'a' } },
  { declared: '/nodes/{name}', path: '/nodes/a%2Fb', want: { name: 'a/b' } },
  { declared: '/nodes/{name}', path: '/nodes/%', want: { name: '%' } },
  { declared: '/nodes/{name}', path: '/nodes', want: undefined },
  { declared: '/nodes/{name}', path: '/nodes/a/b', want: undefined },
  { declared: '/nodes/{name}/faults', path: '/nodes/a/falls', want: undefined },
]
for (const { declared, path, want } of paths) {
  test(`control server: ${path} as ${declared} → ${JSON.stringify(want)}`, () => assert.deepEqual(matchPath(declared, path), want))
}

describe('control server', () => {
  const answer = anything('Whatever')
  const hosted = { time: new TimeClaims() } as HostedCluster
  const serve = (...routes: Route[]) => ControlServer.listen({ routes, find: () => hosted, log: silentLogger })

  test('a route learns that its caller has gone', async () => {
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
    const run = ({ signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => over.resolve((signal.reason as Error).message))
      begun.resolve()
      return over.promise
    }
    await using control = await serve(route({ method: 'POST', path: '/', summary: '', answer, run }))
    const gone = new AbortController()
    const asking = fetch(`${control.urlOf('x')}/`, { method: 'POST', signal: gone.signal })
    await begun.promise
    gone.abort()
    await assert.rejects(asking, { name: 'AbortError' })
    assert.equal(await over.promise, 'the caller has gone')
  })

  test('an error that nobody expected is an answer, and the server goes on', async () => {
    const run = () => {
      throw new Error('surprise')
    }
    await using control = await serve(route({ method: 'GET', path: '/', summary: '', answer, run }))
    for (let round = 0; round < 2; round++) {
      const response = await fetch(`${control.urlOf('x')}/`)
      const { message } = (await response.json()) as { message: string }
      assert.deepEqual([response.status, message], [500, 'Internal error occurred: surprise'])
    }
  })

  test('while a request moves time, one that needs it to stand is refused', async () => {
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
    const run = () => {
      begun.resolve()
      return over.promise
    }
    const moving = route({ method: 'POST', path: '/wait', summary: '', time: 'moves', answer, run })
    const standing = route({ method: 'POST', path: '/reset', summary: '', time: 'stands', answer, run: () => 'done' })
    await using control = await serve(moving, standing)
    const ask = async (path: string) => (await fetch(control.urlOf('x') + path, { method: 'POST' })).status
    const waiting = ask('/wait')
    await begun.promise
    assert.equal(await ask('/reset'), 409)
    over.resolve('over')
    assert.deepEqual([await waiting, await ask('/reset')], [200, 200])
  })

  test('when it stops, routes that do not end keep nobody waiting', async () => {
    const begun = Promise.withResolvers<void>()
    const run = () => {
      begun.resolve()
      return new Promise(() => {})
    }
    const control = await serve(route({ method: 'GET', path: '/', summary: '', answer, run }))
    const asking = fetch(`${control.urlOf('x')}/`)
    await begun.promise
    await control[Symbol.asyncDispose]()
    const { status } = await asking
    assert.equal(status, 503)
  })
})
