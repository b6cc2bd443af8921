import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { startCluster } from '#cluster/start-cluster.ts'
import { PodFailedError, untilPodReady } from './wait.ts'

const { signal } = new AbortController()
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [{ name: 'c', image: 'nginx' }] },
}
const ref = { apiVersion: 'v1', kind: 'Pod', name: 'web' } as const

async function start() {
  const cluster = await startCluster({ clock: 'virtual' })
  await cluster.client.create(pod)
  const setStatus = (status: Pod['status']) => cluster.client.patch(ref, { type: 'merge', body: { status } }, { subresource: 'status' })
  return {
    cluster,
    setStatus,
    wait: (inner = signal) => untilPodReady(cluster.adminClient, pod, inner),
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

const ready: Pod['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
const outcomes: { name: string; status: Pod['status']; want: 'done' | RegExp }[] = [
  { name: 'ready', status: ready, want: 'done' },
  { name: 'its work done', status: { phase: 'Succeeded' }, want: 'done' },
  { name: 'failed', status: { phase: 'Failed' }, want: /^pod "default\/web" failed$/ },
  {
    name: 'failed for a reason',
    status: { phase: 'Failed', reason: 'Evicted', message: 'no room' },
    want: /^pod "default\/web" failed \(Evicted\): no room$/,
  },
]
for (const { name, status, want } of outcomes) {
  for (const when of ['already', 'later']) {
    test(`wait: ${name} ${when}`, async () => {
      await using started = await start()
      if (when === 'already') await started.setStatus(status)
      const waiting = started.wait()
      const checked =
        want === 'done' ? waiting : assert.rejects(waiting, error => error instanceof PodFailedError && want.test(error.message))
      if (when === 'later') {
        await started.cluster.clock.settle()
        await started.setStatus({ phase: 'Pending' })
        await started.setStatus(status)
      }
      await checked
    })
  }
}

test('wait: deleted before, and while waiting', async () => {
  await using started = await start()
  const waiting = assert.rejects(started.wait(), /pod "default\/web" was deleted/)
  await started.cluster.clock.settle()
  await started.cluster.client.delete(ref, { gracePeriodSeconds: 0 })
  await waiting
  await assert.rejects(started.wait(), /pod "default\/web" was deleted/)
})

test('wait: aborted → the reason', async () => {
  await using started = await start()
  const controller = new AbortController()
  const waiting = assert.rejects(started.wait(controller.signal), /time is over/)
  await started.cluster.clock.settle()
  controller.abort(new Error('time is over'))
  await waiting
  await assert.rejects(started.wait(controller.signal), /time is over/)
})
