/** A Pod that crashes for ever: its whole back-off, an hour of it, in a fraction of a second. Run it with `node --test`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCluster } from 'coxswain'
import { expectPod } from 'coxswain/testing'

test('a crashing container waits 10 s, 20 s, 40 s … 5 min, and begins anew after 10 good minutes', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  // Crashes one second after its start, nine times; the tenth instance runs for eleven minutes before it crashes.
  const lifetimesMs = [...Array<number>(9).fill(1_000), 11 * 60_000, 1_000, 1_000]
  cluster.images.define('crasher', async container => {
    await container.sleep(lifetimesMs[container.attempt] ?? 1_000)
    return 1
  })
  await cluster.client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'main', image: 'crasher' }] },
  })

  const waitsSeconds: number[] = []
  for (let restart = 1; restart < lifetimesMs.length; restart++) {
    const { status } = await expectPod(cluster, 'web', { timeout: '30m' }).toRestart(restart)
    const [main] = status?.containerStatuses ?? []
    const crashed = Date.parse(main?.lastState?.terminated?.finishedAt ?? '')
    waitsSeconds.push((Date.parse(main?.state?.running?.startedAt ?? '') - crashed) / 1_000)
  }
  assert.deepEqual(waitsSeconds, [0, 10, 20, 40, 80, 160, 300, 300, 300, 0, 10])
})
