import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { type Reach, registryReachable } from './registry-reachable.ts'

const never = () => new Promise<never>(() => undefined)
const refused = async () => {
  throw new Error('refused')
}
const cases: { name: string; reach: Reach; want: boolean }[] = [
  { name: 'an address answers', reach: { resolve: async () => ['192.0.2.1'], connect: async () => undefined }, want: true },
  {
    name: 'one of two answers',
    reach: { resolve: async () => ['a', 'b'], connect: async ({ host }) => (host === 'a' ? refused() : undefined) },
    want: true,
  },
  { name: 'every address refuses', reach: { resolve: async () => ['a', 'b'], connect: refused }, want: false },
  { name: 'the name is unknown', reach: { resolve: refused, connect: refused }, want: false },
  { name: 'the name has no address', reach: { resolve: async () => [], connect: refused }, want: false },
  { name: 'nobody says anything', reach: { resolve: async () => ['a'], connect: never }, want: false },
  { name: 'the resolver says nothing', reach: { resolve: never, connect: never }, want: false },
]
for (const { name, reach, want } of cases)
  test(`registryReachable: ${name} → ${want}`, async () => {
    const clock = new VirtualClock()
    const answer = registryReachable({ host: 'registry.example', timeoutMs: 500, clock, reach }, new AbortController().signal)
    await clock.advance(500)
    assert.equal(await answer, want)
  })

test('registryReachable: port of the name, else 443', async () => {
  const ports: number[] = []
  const reach: Reach = { resolve: async () => ['a'], connect: async ({ port }) => void ports.push(port) }
  const options = { timeoutMs: 500, clock: new VirtualClock(), reach }
  await registryReachable({ ...options, host: 'registry.example:5000' }, new AbortController().signal)
  await registryReachable({ ...options, host: 'registry.example' }, new AbortController().signal)
  assert.deepEqual(ports, [5000, 443])
})

test('registryReachable: aborted → rejects with the reason', async () => {
  const controller = new AbortController()
  const answer = registryReachable(
    { host: 'a', timeoutMs: 500, clock: new VirtualClock(), reach: { resolve: never, connect: never } },
    controller.signal,
  )
  controller.abort(new Error('enough'))
  await assert.rejects(answer, { message: 'enough' })
})
