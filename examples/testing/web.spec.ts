/** The same under vitest: what `expectPod` throws is an error as any other. Run it with `vitest run`. */
import { startCluster } from 'coxswain'
import { expectPod } from 'coxswain/testing'
import { expect, test } from 'vitest'

const podOf = (name: string, image: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image }] },
})

test('the Pod becomes ready, and stays so', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  await cluster.client.create(podOf('web', 'nginx'))
  await expectPod(cluster, 'web').toBecomeReady()
  await expectPod(cluster, 'web').toStay('Ready', '1h')
})

test('a Pod whose image is not there says why', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual', images: { unknown: 'not found' } })
  await cluster.client.create(podOf('web', 'ngnix'))
  await expectPod(cluster, 'web').toBeWaiting('ImagePullBackOff')
  const ready = expectPod(cluster, 'web', { timeout: '10m' }).toBecomeReady()
  await expect(ready).rejects.toThrow(
    /expected Pod default\/web to become Ready within 10m[^]*waiting: ImagePullBackOff[^]*Failed to pull image "ngnix"/,
  )
})
