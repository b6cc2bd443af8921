import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LifecycleHandler, Pod } from '#api/core/v1/types.gen.ts'
import { VirtualClock } from '#base/clock.ts'
import type { RuntimeService } from '#cri/cri.ts'
import { CRIError } from '#cri/error.ts'
import { type LifecycleHookInput, runLifecycleHook } from './lifecycle-hook.ts'

const container = { name: 'main' }
const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: { containers: [container] },
}
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })

const cases: {
  name: string
  handler: LifecycleHandler
  exec?: () => { exitCode: number; stdout: Uint8Array; stderr: Uint8Array }
  get?: () => number
  error?: string
}[] = [
  {
    name: 'a command that succeeds',
    handler: { exec: { command: ['true'] } },
    exec: () => ({ exitCode: 0, stdout: Buffer.from('x'), stderr: Buffer.from('') }),
  },
  {
    name: 'a command that fails',
    handler: { exec: { command: ['warm', 'up'] } },
    exec: () => ({ exitCode: 5, stdout: Buffer.from('a\n'), stderr: Buffer.from('b\n') }),
    error:
      'Exec lifecycle hook ([warm up]) for Container "main" in Pod "web_default(u1)" failed - ' +
      'error: command \'warm up\' exited with 5: b\n, message: "a\\nb\\n"',
  },
  {
    name: 'a command that the runtime cannot run',
    handler: { exec: { command: ['nope'] } },
    exec: () => {
      throw new CRIError('Unknown', 'no such file')
    },
    error:
      'Exec lifecycle hook ([nope]) for Container "main" in Pod "web_default(u1)" failed - ' +
      'error: rpc error: code = Unknown desc = no such file, message: ""',
  },
  { name: 'an answer of any status', handler: { httpGet: { path: '/', port: 80 } }, get: () => 500 },
  {
    name: 'nobody answers',
    handler: { httpGet: { path: '/hook', port: 80 } },
    get: () => {
      throw refused
    },
    error:
      'HTTP lifecycle hook (/hook) for Container "main" in Pod "web_default(u1)" failed - ' +
      'error: Get "http://10.0.0.1:80/hook": dial tcp 10.0.0.1:80: connect: connection refused',
  },
]

describe('lifecycle hook', () => {
  for (const { name, handler, exec, get, error } of cases)
    test(name, async () => {
      const runtime = { execSync: async () => exec?.() } as unknown as RuntimeService
      const dialer = { get: async () => get!(), reach: async () => undefined, health: async () => 'unconnected' as const }
      const input: LifecycleHookInput = {
        pod,
        container,
        containerID: 'c1',
        podIP: '10.0.0.1',
        runtime,
        dialer,
        clock: new VirtualClock(),
      }
      const outcome = runLifecycleHook(handler, input, new AbortController().signal)
      if (error === undefined) await outcome
      else await assert.rejects(outcome, { message: error })
    })
})
