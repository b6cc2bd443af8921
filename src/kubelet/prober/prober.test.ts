import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Probe } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import { type HTTPAnswer, MemoryLogStore, SimulatedNetwork } from '#cri/simulated/index.ts'
import { simulatedHost } from '../host/simulated-host.ts'
import { emptyMemory } from '../pod/memory.ts'
import type { PodWorker } from '../pod/pod-worker.ts'
import { Prober } from './prober.ts'

const ip = '10.0.0.1'
const machine = { cpus: 1, memoryBytes: 1024 ** 3 }

/** A pod with one running container and these probes, as the prober sees it. What it reports and does is told with the second. */
function probed(probes: { readinessProbe?: Probe; livenessProbe?: Probe }, http: () => HTTPAnswer) {
  const clock = new VirtualClock()
  const network = new SimulatedNetwork({ clock })
  network.attach(ip, { reachable: true, isConnected: true, listener: () => ({ http }) })
  const { dialer } = simulatedHost(machine, { network, logs: new MemoryLogStore() })
  const told: string[] = []
  const tell = (what: string) => told.push(`${clock.monotonicMs() / 1_000}s ${what}`)
  const running = { id: 'c1', name: 'main', state: 'running', startedAtMs: clock.now() }
  const container = { name: 'main', ...probes }
  const memory = emptyMemory()
  const worker = {
    uid: 'u1',
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', uid: 'u1' }, spec: { containers: [container] } },
    observed: { sandboxes: [{ ready: true, ips: [ip] }], containers: [running] },
    memory,
    node: { clock, dialer, hostIPs: [] },
    report: (_type: string, _reason: string, message: string) => tell(message),
    wake: ({ reason }: { reason: string }) => tell(reason),
  } as unknown as PodWorker
  const left = new AbortController()
  const prober = new Prober(left.signal)
  prober.update(worker)
  /** The runtime says something else. */
  const observe = (observed: object) => prober.update(Object.assign(worker, { observed }))
  return { clock, told, memory, running, observe, leave: () => left.abort() }
}

const httpGet = { path: '/healthz', port: 80 }

describe('Prober', () => {
  test('an answer at once costs one timer; what changes nothing wakes nobody', async () => {
    let asked = 0
    const answer = () => {
      asked++
      return { status: 200 }
    }
    const { clock, told, leave } = probed({ readinessProbe: { httpGet, periodSeconds: 10 } }, answer)
    const timersBefore = clock.timersMade
    await clock.advance(100_000)
    assert.deepEqual([asked, clock.timersMade - timersBefore, told], [11, 11, ['0s the readiness probe of container main succeeded']])
    leave()
    assert.equal(clock.waiting, 0)
  })

  const answers: { name: string; delayMs: number; told: string[] }[] = [
    { name: 'within the time-out', delayMs: 1_999, told: ['1.999s the readiness probe of container main succeeded'] },
    {
      name: 'as it ends',
      delayMs: 2_000,
      told: [
        '2s Readiness probe failed: Get "http://10.0.0.1:80/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
      ],
    },
  ]
  for (const { name, delayMs, told } of answers)
    test(`an answer ${name}`, async () => {
      const probe = { httpGet, timeoutSeconds: 2, periodSeconds: 10 }
      const pod = probed({ readinessProbe: probe }, () => ({ delayMs }))
      await pod.clock.advance(9_999)
      assert.deepEqual(pod.told, told)
      assert.equal(pod.clock.waiting, 1)
      pod.leave()
    })

  test('two that wait at once each have their own time-out', async () => {
    const readinessProbe = { httpGet, timeoutSeconds: 1, failureThreshold: 1 }
    const livenessProbe = { httpGet, timeoutSeconds: 3, failureThreshold: 1 }
    const pod = probed({ readinessProbe, livenessProbe }, () => ({ delayMs: 2_000 }))
    await pod.clock.advance(9_999)
    const late = 'Get "http://10.0.0.1:80/healthz": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    assert.deepEqual(pod.told, [`1s Readiness probe failed: ${late}`])
    assert.equal(pod.memory.probes['c1']?.failed, undefined)
    pod.leave()
  })

  test('the pod is asked at the address that it has now', async () => {
    const { clock, told, running, observe, leave } = probed(
      { readinessProbe: { httpGet, periodSeconds: 10, failureThreshold: 1 } },
      () => ({}),
    )
    await clock.advance(15_000)
    observe({ sandboxes: [{ ready: true, ips: ['10.0.0.2'] }], containers: [running] })
    await clock.advance(10_000)
    const failure = 'Get "http://10.0.0.2:80/healthz": dial tcp 10.0.0.2:80: connect: no route to host'
    assert.deepEqual(told, [
      '0s the readiness probe of container main succeeded',
      `20s Readiness probe failed: ${failure}`,
      '20s the readiness probe of container main failed',
    ])
    leave()
  })

  test('refusals in a row end the container, which is then not asked again', async () => {
    const { clock, told, memory } = probed({ livenessProbe: { httpGet, periodSeconds: 5, failureThreshold: 2 } }, () => ({ status: 503 }))
    await clock.advance(60_000)
    const failure = 'Liveness probe failed: HTTP probe failed with statuscode: 503'
    assert.deepEqual(told, [`0s ${failure}`, `5s ${failure}`, '5s the liveness probe of container main failed'])
    assert.deepEqual([memory.probes['c1']?.failed, clock.waiting], ['liveness', 0])
  })
})
