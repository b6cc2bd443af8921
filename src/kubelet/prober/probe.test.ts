import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { RuntimeService } from '#cri/cri.ts'
import { CRIError } from '#cri/error.ts'
import type { HealthAnswer, HealthCheck } from '../host/grpc-health.ts'
import { runProbe } from './probe.ts'

const cases: { name: string; answer: HealthAnswer | CRIError; output?: string }[] = [
  { name: 'SERVING', answer: { servingStatus: 1 } },
  { name: 'NOT_SERVING', answer: { servingStatus: 2 }, output: 'service unhealthy (responded with "NOT_SERVING")' },
  { name: 'a status of tomorrow', answer: { servingStatus: 9 }, output: 'service unhealthy (responded with "9")' },
  {
    name: 'nobody listens',
    answer: 'unconnected',
    output: 'timeout: failed to connect service "10.0.0.1:5000" within 2s: context deadline exceeded',
  },
  { name: 'no answer in time', answer: 'unanswered', output: 'timeout: health rpc did not complete within 2s' },
  {
    name: 'another protocol',
    answer: new CRIError('Unimplemented', 'unknown method'),
    output: 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown method',
  },
  {
    name: 'a refusal',
    answer: new CRIError('NotFound', 'unknown service'),
    output: 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service',
  },
]

describe('gRPC probe', () => {
  for (const { name, answer, output } of cases)
    test(name, async () => {
      const asked: HealthCheck[] = []
      const dialer = {
        get: () => Promise.reject(new Error('not HTTP')),
        reach: () => Promise.reject(new Error('not TCP')),
        health: async (check: HealthCheck) => {
          asked.push(check)
          if (answer instanceof Error) throw answer
          return answer
        },
      }
      const target = { container: { name: 'main' }, containerID: 'c1', podIP: '10.0.0.1', runtime: {} as RuntimeService, dialer }
      const probe = { grpc: { port: 5000, service: 'orders' }, timeoutSeconds: 2 }
      const result = await runProbe(probe, target, new AbortController().signal)
      assert.deepEqual(result, output === undefined ? { success: true } : { success: false, output })
      assert.deepEqual(asked, [{ host: '10.0.0.1', port: 5000, service: 'orders', userAgent: 'kube-probe/1.36' }])
    })
})

test('TCP probe that nobody answers in time: as Go words it', async () => {
  const deadline = new AbortController()
  const dialer = {
    get: () => Promise.reject(new Error('not HTTP')),
    reach: () => Promise.reject(new Error('aborted')),
    health: () => Promise.reject(new Error('not gRPC')),
  }
  const target = { container: { name: 'main' }, containerID: 'c1', podIP: '10.0.0.1', runtime: {} as RuntimeService, dialer }
  const probing = runProbe({ tcpSocket: { port: 80 } }, target, deadline.signal)
  deadline.abort(new Error('context deadline exceeded'))
  assert.deepEqual(await probing, { success: false, output: 'dial tcp 10.0.0.1:80: i/o timeout' })
})
