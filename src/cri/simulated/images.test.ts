import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CRIError } from '../error.ts'
import type { ImageOptions } from './image.ts'
import { SimulatedImages } from './images.ts'
import { forever, TestNode } from './testing.ts'

describe('pulls', () => {
  const credentials = { username: 'me', password: 'secret' }
  const basic = Buffer.from('me:secret').toString('base64')
  const pulls: { name: string; options: ImageOptions; auth?: object; error?: string }[] = [
    { name: 'an image', options: {} },
    {
      name: 'not found',
      options: { pullError: 'not found' },
      error:
        'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/team/app:1": failed to resolve reference "docker.io/team/app:1": docker.io/team/app:1: not found',
    },
    {
      name: 'unauthorized',
      options: { pullError: 'unauthorized' },
      error:
        'rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/team/app:1": failed to resolve reference "docker.io/team/app:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    },
    {
      name: 'an error of its own',
      options: { pullError: new CRIError('Unavailable', 'RegistryUnavailable') },
      error: 'rpc error: code = Unavailable desc = RegistryUnavailable',
    },
    { name: 'with credentials', options: { credentials }, auth: credentials },
    { name: 'with credentials in one', options: { credentials }, auth: { auth: basic } },
    {
      name: 'with wrong credentials',
      options: { credentials },
      auth: { ...credentials, password: 'x' },
      error: 'rpc error: code = Unknown desc = failed to pull',
    },
    { name: 'without credentials', options: { credentials }, error: 'rpc error: code = Unknown desc = failed to pull' },
  ]
  for (const { name, options, auth, error } of pulls) {
    test(name, async () => {
      const node = new TestNode()
      node.images.define('team/app:1', {}, options)
      const pull = node.runtime.pullImage({ image: { image: 'team/app:1' }, ...(auth !== undefined && { auth }) }, forever)
      const message = await pull.then(
        () => undefined,
        failure => failure.message,
      )
      assert.equal(message?.slice(0, error?.length), error)
    })
  }
})

test('a pull takes its time, and can be left', async () => {
  const node = new TestNode({ images: { pullMs: 1_000 } })
  const caller = new AbortController()
  const present = async () => (await node.runtime.imageStatus({ image: { image: 'nginx' } }, forever)).image !== undefined
  const left = node.runtime.pullImage({ image: { image: 'nginx' } }, caller.signal)
  caller.abort(new Error('gone'))
  await assert.rejects(left, /gone/)
  const pulled = node.runtime.pullImage({ image: { image: 'nginx' } }, forever)
  await node.clock.advance(999)
  assert.equal(await present(), false)
  await node.clock.advance(1)
  await pulled
  assert.equal(await present(), true)
  assert.equal(node.clock.waiting, 0)
})

test('what is known of an image', async () => {
  const node = new TestNode()
  const digest = `sha256:${'d'.repeat(64)}`
  node.images.define('team/app', {}, { digest, sizeBytes: 1_234, user: 65_532 })
  const { imageRef } = await node.runtime.pullImage({ image: { image: 'team/app:2' } }, forever)
  const { image } = await node.runtime.imageStatus({ image: { image: `team/app@${digest}` } }, forever)
  const { id, repoTags, repoDigests, size, uid } = image!
  assert.deepEqual(
    { id, repoTags, repoDigests, size, uid: uid?.value },
    { id: imageRef, repoTags: ['docker.io/team/app:2'], repoDigests: [`docker.io/team/app@${digest}`], size: 1_234n, uid: 65_532n },
  )
  const { imageFilesystems } = await node.runtime.imageFsInfo(forever)
  assert.equal(imageFilesystems[0]?.usedBytes?.value, 1_234n)
})

test('a name without tag stands for all tags but those that are defined', async () => {
  const node = new TestNode()
  node.images.define('app', {}, { sizeBytes: 1 })
  node.images.define('app:2', {}, { sizeBytes: 2 })
  const sizes: bigint[] = []
  for (const name of ['app', 'app:1', 'app:2']) {
    await node.runtime.pullImage({ image: { image: name } }, forever)
    sizes.push((await node.runtime.imageStatus({ image: { image: name } }, forever)).image!.size)
  }
  assert.deepEqual(sizes, [1n, 1n, 2n])
})

test('a tag that was moved leaves the old image without it', async () => {
  const node = new TestNode()
  const pull = async (sizeBytes: number) => {
    node.images.define('app:1', {}, { sizeBytes, digest: `sha256:${String(sizeBytes).repeat(64)}` })
    return (await node.runtime.pullImage({ image: { image: 'app:1' } }, forever)).imageRef
  }
  await pull(1)
  await pull(2)
  const { images } = await node.runtime.listImages({}, forever)
  assert.deepEqual(
    images.map(({ size, repoTags }) => [size, repoTags]),
    [
      [1n, []],
      [2n, ['docker.io/library/app:1']],
    ],
  )
})

test('unknown images, when they shall not run', async () => {
  const node = new TestNode({ images: { unknown: 'not found' } })
  await assert.rejects(node.runtime.pullImage({ image: { image: 'nginx' } }, forever), { code: 'NotFound' })
})

test('pulls that are ordered to fail: all tags by the name alone, one by its tag, so many times', async () => {
  const node = new TestNode()
  const pull = (image: string) =>
    node.runtime.pullImage({ image: { image } }, forever).then(
      () => 'pulled',
      error => error.message.replace(/^.*: /s, ''),
    )
  node.images.failPulls('team/app', 'not found', { times: 2 })
  assert.deepEqual([await pull('team/other:1'), await pull('team/app:1'), await pull('team/app:2')], ['pulled', 'not found', 'not found'])
  assert.equal(await pull('team/app:1'), 'pulled')
  node.images.failPulls('team/app:2', 'unreachable', { times: Number.POSITIVE_INFINITY })
  assert.deepEqual([await pull('team/app:2'), await pull('team/app:3')], ['connection refused', 'pulled'])
  node.images.clearFaults()
  assert.equal(await pull('team/app:2'), 'pulled')
  assert.throws(() => node.images.failPulls('No Name', 'not found'), /no name of an image/)
})

const nonsense: [image: unknown, options: unknown, want: RegExp][] = [
  [undefined, {}, /image ".*" must be of type object or function, not undefined/],
  ['nginx', {}, /must be of type object or function, not "nginx"/],
  [{ readyAfter: 3_000 }, {}, /: unknown field "readyAfter"; known are startMs, readyAfterMs, /],
  [{ readyAfterMs: '3s' }, {}, /: readyAfterMs must be a number from 0 on, not "3s"/],
  [{ logs: 'text' }, {}, /: logs must be a list, not "text"/],
  [{ logs: [{ text: 'a', every: 5 }] }, {}, /: logs\[0\]: unknown field "every"; known are text, stream, afterMs, everyMs/],
  [{ logs: [{ text: 'a', everyMs: 0 }] }, {}, /: logs\[0\]: everyMs must be a whole number from 1 on, not 0/],
  [{ http: 'ok' }, {}, /: http must be of type object, not "ok"/],
  [{ http: { healthz: 'ok' } }, {}, /: http: the path "healthz" must begin with "\/"/],
  [{ http: { '/': { code: 200 } } }, {}, /: http\["\/"\]: unknown field "code"; known are status, headers, body, delayMs/],
  [{ exec: { date: { out: 'now' } } }, {}, /: exec\["date"\]: unknown field "out"/],
  [{ cpu: true }, {}, /: cpu must be of type number or string, not true/],
  [{}, { pull: 5 }, /the options of image ".*": unknown field "pull"/],
  [{}, { pullError: 'gone' }, /: pullError must be one of not found, unauthorized, unreachable, not "gone"/],
]
for (const [image, options, want] of nonsense) {
  test(`image ${JSON.stringify(image)} with ${JSON.stringify(options)} → refused`, () => {
    assert.throws(() => new SimulatedImages().define('web', image as never, options as never), want)
  })
}

test('pulls fail for a reason that there is', () => {
  assert.throws(() => new SimulatedImages().failPulls('web', 'gone' as never), /^TypeError: the error of a pull must be one of not found, /)
})
