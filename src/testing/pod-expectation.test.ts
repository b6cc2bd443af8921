import assert, { AssertionError } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Pod, PodSpec } from '#api/core/v1/types.gen.ts'
import { type Cluster, type SimulatedImage, startCluster } from '#cluster/index.ts'
import { expectPod } from './index.ts'

const podOf = (name: string, image: string, spec: Partial<PodSpec> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image }], ...spec },
})

const once = { restartPolicy: 'Never' } as const

/** What the assertion says when it does not hold. */
async function messageOf(assertion: Promise<unknown>): Promise<string> {
  const error = await assertion.then(
    () => assert.fail('it holds'),
    (error: unknown) => error,
  )
  assert(error instanceof AssertionError, String(error))
  return error.message
}

for (const clock of ['virtual', 'real'] as const)
  describe(`expectPod on the ${clock} clock`, () => {
    let cluster: Cluster
    before(async () => {
      cluster = await startCluster({ nodes: { count: 1 }, clock })
      cluster.images.define('done', { exitAfterMs: 10, exitCode: 0, logs: ['all is done'] })
      cluster.images.define('broken', { exitAfterMs: 10, exitCode: 3, logs: ['cannot go on'] })
      cluster.images.define('talker', { logs: ['first', { text: 'second', afterMs: 50 }] })
    })
    after(() => cluster?.stop())
    const create = (name: string, image: string, spec?: Partial<PodSpec>) => cluster.client.create(podOf(name, image, spec))

    test('a Pod that runs: its phase, its condition, its events, its logs, its end', async () => {
      const web = await create('web', 'talker')
      const pod = await expectPod(cluster, 'web').toBecomeReady()
      assert.equal(pod.metadata.uid, web.metadata.uid)
      await expectPod(cluster, web).toBecome('Running')
      await expectPod(cluster, { name: 'web' }).toStay('Ready', '200ms')
      assert.match((await expectPod(cluster, 'web').toHaveEvent('Started')).message ?? '', /^Container started|Started container/)
      assert.equal(await expectPod(cluster, 'web').toLog('second'), 'first\nsecond\n')
      await cluster.client.delete(web, { gracePeriodSeconds: 0 })
      await expectPod(cluster, 'web').toBeDeleted()
    })

    test('Pods that end', async () => {
      await create('done', 'done', once)
      await create('broken', 'broken', once)
      await expectPod(cluster, 'done').toSucceed()
      await expectPod(cluster, 'broken').toFail()
      await expectPod(cluster, 'broken').toFail(3)
      await expectPod(cluster, 'broken').toLog(/^cannot/)
    })

    test('a Pod that crashes', async () => {
      await create('crasher', 'broken')
      await expectPod(cluster, 'crasher').toRestart()
      await expectPod(cluster, 'crasher').toBeWaiting('CrashLoopBackOff')
      await expectPod(cluster, 'crasher').toHaveEvent('BackOff', 'restarting failed container main')
      assert.equal(await expectPod(cluster, 'crasher').toLog('cannot go on', { previous: true }), 'cannot go on\n')
    })

    test('an end that is another one is told at once', async () => {
      await create('ends-well', 'done', once)
      assert.match(
        await messageOf(expectPod(cluster, 'ends-well').toFail()),
        /^expected Pod default\/ends-well to fail, but it succeeded\n\nStatus: Completed, 0\/1 ready/,
      )
      await create('ends-badly', 'broken', once)
      assert.match(
        await messageOf(expectPod(cluster, 'ends-badly').toSucceed()),
        /^expected Pod default\/ends-badly to succeed, but it failed\n/,
      )
      assert.match(await messageOf(expectPod(cluster, 'ends-badly').toFail(4)), /to fail with exit code 4, not 3\n/)
    })

    test('what does not come in time is told with the state of the Pod', async () => {
      await create('late', 'broken')
      await expectPod(cluster, 'late').toHaveEvent('Scheduled')
      await expectPod(cluster, 'late').toRestart()
      await expectPod(cluster, 'late').toLog('cannot go on')
      const message = await messageOf(expectPod(cluster, 'late', { timeout: '1ms' }).toBecome('Succeeded'))
      for (const line of [
        /^expected Pod default\/late to become Succeeded within 1ms\n\nStatus: \w+, /,
        /^    before: terminated \d+s ago with exit code 3: Error$/m,
        /^  Normal Scheduled, \d+s ago: Successfully assigned default\/late to node-0$/m,
        /^Logs of main:\n  cannot go on$/m,
      ])
        assert.match(message, line)
    })

    test('a Pod that does not exist', async () => {
      const message = await messageOf(expectPod(cluster, 'nobody', { timeout: 100 }).toBecome('Running'))
      assert.equal(message, 'expected Pod default/nobody to become Running within 100\n\nThere is no such Pod.')
    })

    test('what does not stay, is not logged, and does not happen', async () => {
      await create('short', 'done', once)
      await expectPod(cluster, 'short').toBecome('Exists')
      assert.match(
        await messageOf(expectPod(cluster, 'short').toStay('Pending', '1m')),
        /^expected Pod default\/short to stay Pending for 1m\n/,
      )
      const soon = { timeout: '300ms' }
      assert.match(
        await messageOf(expectPod(cluster, 'short', soon).toLog('never')),
        /^expected Pod default\/short to log never within 300ms\n/,
      )
      assert.match(
        await messageOf(expectPod(cluster, 'short', soon).toHaveEvent('Evicted', /./)),
        /to have an event Evicted that says \/\.\/ within/,
      )
      assert.match(await messageOf(expectPod(cluster, 'short', soon).toRestart(2)), /to restart 2 times within 300ms/)
    })
  })

test('expectPod: a Pod that a taint sends away', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  await cluster.client.create(podOf('web', 'web'))
  await expectPod(cluster, 'web').toBecomeReady()
  await cluster.client.patch(
    { apiVersion: 'v1', kind: 'Node', name: 'node-0' },
    { type: 'merge', body: { spec: { taints: [{ key: 'gone', effect: 'NoExecute' }] } } },
  )
  await expectPod(cluster, 'web').toBeEvicted()
  await expectPod(cluster, 'web').toBeDeleted()
})

test('expectPod: to stay takes exactly as long as it says on the virtual clock', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  cluster.images.define('hour', { exitAfterMs: 3_600_000, exitCode: 0 })
  await cluster.client.create(podOf('web', 'hour', once))
  await expectPod(cluster, 'web').toBecomeReady()
  const start = cluster.clock.now()
  await expectPod(cluster, 'web').toStay('Ready', '59m')
  assert.equal(cluster.clock.now() - start, 59 * 60_000)
  assert.match(await messageOf(expectPod(cluster, 'web').toStay('Ready', '2m')), /to stay Ready for 2m\n\nStatus: Completed/)
})

test('expectPod: a cluster that breaks is no failed assertion', async () => {
  const cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  await cluster.stop()
  await assert.rejects(expectPod(cluster, 'web').toBecomeReady(), error => !(error instanceof AssertionError))
})

test('expectPod: what was most likely meant', async () => {
  await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
  await cluster.client.create({ ...podOf('web', 'web'), metadata: { name: 'web', namespace: 'kube-public' } })
  assert.equal(
    await messageOf(expectPod(cluster, 'web').toBecomeReady()),
    'expected Pod default/web to become Ready within 5m\n\nThere is no such Pod.\nThere is one of that name in namespace kube-public.',
  )
  const web = expectPod(cluster, { name: 'web', namespace: 'kube-public' })
  await web.toBecomeReady()
  for (const wrong of [() => web.toBecome('Redy'), () => web.toStay('Redy', '1m')])
    assert.match(await messageOf(wrong()), /\nRedy is neither a phase nor one of its conditions, which are PodReadyToStartContainers, /)
  assert.match(await messageOf(web.toRestart()), /^expected Pod kube-public\/web to restart once within 5m\n/)
  for (const nothing of [undefined, '', {}, { metadata: {} }])
    assert.throws(() => expectPod(cluster, nothing as never), /^TypeError: no Pod is named: want its name, /)
  assert.throws(() => expectPod(cluster, 'web', { timeout: '5 minutes' }), /^RangeError: "5 minutes" is no duration/)
})

const failing: [string, SimulatedImage, RegExp][] = [
  ['a function that throws', () => assert.fail('at once'), /Logs of main:[^]*at once/],
  ['a function that rejects', async () => assert.fail('at once'), /Logs of main:[^]*at once/],
  [
    'a function that writes, reads and throws',
    async ({ stdout, files }) => {
      await stdout.write('hello\n')
      await files.read('/nothing')
      assert.fail('after that')
    },
    /Logs of main:[^]*hello[^]*after that/,
  ],
  ['a function that answers with a code', () => 3, /exit code 3/],
  ['a function that answers with something else', () => 'done' as never, /exit code 1[^]*answered "done", which is no exit code/],
  ['a script', { exitAfterMs: 0, exitCode: 4 }, /exit code 4/],
  ['a script that crashes', { crash: 99 }, /exit code 1/],
]
for (const [name, image, want] of failing) {
  test(`expectPod: what fails as soon as it is started never becomes ready: ${name}`, async () => {
    await using cluster = await startCluster({ nodes: { count: 1 }, clock: 'virtual' })
    cluster.images.define('broken', image)
    await cluster.client.create(podOf('web', 'broken'))
    const message = await messageOf(expectPod(cluster, 'web', { timeout: '1m' }).toBecomeReady())
    assert.match(message, /waiting: CrashLoopBackOff/)
    assert.match(message, want)
  })
}
