import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VirtualClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { openImageSource } from './image-source.ts'
import type { Reach } from './registry-reachable.ts'

test('image source: a registry can be reached → images come from where their names say, and nobody is told anything', async () => {
  const reached: string[] = []
  const reach: Reach = {
    resolve: async host => {
      reached.push(host)
      return ['192.0.2.1']
    },
    connect: async ({ host, port }) => void reached.push(`${host}:${port}`),
  }
  const onNotice = (text: string) => assert.fail(text)
  const options = { offline: false, reach, clock: new VirtualClock(), log: silentLogger, onNotice }
  await using source = await openImageSource(options, new AbortController().signal)
  assert.equal(source.mirrorURL, undefined)
  assert.deepEqual(reached, ['registry-1.docker.io', '192.0.2.1:443'])
})
