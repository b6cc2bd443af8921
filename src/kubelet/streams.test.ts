import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { RuntimeService } from '#cri/cri.ts'
import type { LogFiles } from './logs/log-files.ts'
import type { RuntimeState } from './runtime/runtime-state.ts'
import { PodStreams } from './streams.ts'

test('streams: a container that does not run is refused in the words of the verb', async () => {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default', uid: 'u1' },
    spec: { containers: [{ name: 'main' }] },
  }
  const streams = new PodStreams({
    runtime: {} as RuntimeService,
    logs: {} as LogFiles,
    runtimeState: { get: () => undefined } as unknown as RuntimeState,
    pods: () => [pod],
    signal: new AbortController().signal,
  })
  const container = { name: 'web', namespace: 'default', container: 'main' }
  const options = { stdin: false, stdout: true, stderr: true, tty: false }
  const exec = streams.exec(container, { ...options, command: ['sh'] })
  await assert.rejects(exec, { statusCode: 404, message: 'container not found ("main")' })
  await assert.rejects(streams.attach(container, options), { statusCode: 404, message: 'container main not found in pod web_default' })
})
