import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import type { Client } from '#client/client.ts'
import { keepFirstObjects } from './first-objects.ts'

test('what every cluster has is watched from the version of now: that of an object made long ago is compacted', async () => {
  const stopped = new AbortController()
  const versions: (string | undefined)[] = []
  const client = {
    get: async (ref: { name: string }) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: ref.name, resourceVersion: '1' } }),
    list: async () => ({ metadata: { resourceVersion: '5000' }, items: [] }),
    async *watch({ resourceVersion }: { resourceVersion?: string }) {
      versions.push(resourceVersion)
      // Namespaces, the Service, its Endpoints and its EndpointSlice.
      if (versions.length === 7) stopped.abort(new Error('enough'))
      if (!stopped.signal.aborted) await new Promise(resolve => stopped.signal.addEventListener('abort', resolve, { once: true }))
      yield* []
    },
  } as unknown as Client
  const options = {
    endpoint: { address: '192.0.2.1', port: 6443 },
    serviceIP: '10.96.0.1',
    options: { clock: new VirtualClock(), random: undefined as never },
    log: silentLogger,
  }
  await keepFirstObjects(client, options, stopped.signal)
  assert.deepEqual(
    versions,
    Array.from({ length: 7 }, () => '5000'),
  )
})
