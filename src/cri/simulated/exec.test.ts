import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { ExecStreams } from '../cri.ts'
import type { SimulatedImage } from './image.ts'
import { forever, TestNode } from './testing.ts'

describe('commands', () => {
  const answers: { name: string; image?: SimulatedImage; cmd: string[]; stdout?: string; stderr?: string; code?: number }[] = [
    { name: 'built-in ones', cmd: ['sh', '-c', 'echo $HOSTNAME; hostname; exit 3'], stdout: 'pod-1\npod-1\n', code: 3 },
    { name: 'unknown ones of an unknown image', cmd: ['pg_isready', '-U', 'x'] },
    { name: 'by the whole line', image: { exec: { 'app check': 4, app: 5 } }, cmd: ['app', 'check'], code: 4 },
    { name: 'by the first word', image: { exec: { 'app check': 4, app: 5 } }, cmd: ['app'], code: 5 },
    { name: 'any other', image: { exec: { '*': { stderr: 'no\n', exitCode: 1 } } }, cmd: ['x'], stderr: 'no\n', code: 1 },
    { name: 'text', image: { exec: { date: 'today\n' } }, cmd: ['date'], stdout: 'today\n' },
    { name: 'a function', image: { exec: async ({ command, builtin }) => (command[0] === 'echo' ? builtin() : 6) }, cmd: ['x'], code: 6 },
    { name: 'a function that leaves it', image: { exec: ({ builtin }) => builtin() }, cmd: ['echo', 'x'], stdout: 'x\n' },
    {
      name: 'a function that throws',
      image: {
        exec: () => {
          throw new Error('broken')
        },
      },
      cmd: ['x'],
      stderr: 'broken\n',
      code: 1,
    },
    { name: 'before it is ready', image: { readyAfterMs: 10 }, cmd: ['true'], stderr: 'not ready\n', code: 1 },
  ]
  for (const { name, image = {}, cmd, stdout = '', stderr = '', code = 0 } of answers) {
    test(name, async () => {
      const node = new TestNode()
      const { containerId } = await node.start(image)
      const result = await node.runtime.execSync({ containerId, cmd }, forever)
      assert.deepEqual([String(result.stdout), String(result.stderr), result.exitCode], [stdout, stderr, code])
    })
  }
})

test('a command ends with its container', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({})
  const running = node.runtime.execSync({ containerId, cmd: ['sleep', 'infinity'] }, forever)
  await node.clock.advance(10)
  await node.stop(containerId, 0)
  assert.equal((await running).exitCode, 137)
  assert.equal(node.clock.waiting, 0)
})

test('files that a container makes are there for its commands', async () => {
  const node = new TestNode()
  await node.runtime.pullImage({ image: { image: 'busybox' } }, forever)
  const podSandboxId = await node.sandbox()
  const command = ['sh', '-c', 'touch /tmp/healthy; sleep 30; rm /tmp/healthy; sleep 600']
  const config = { metadata: { name: 'liveness' }, image: { image: 'busybox' }, command }
  const { containerId } = await node.runtime.createContainer({ podSandboxId, config }, forever)
  await node.runtime.startContainer({ containerId }, forever)
  const probe = async () => (await node.runtime.execSync({ containerId, cmd: ['cat', '/tmp/healthy'] }, forever)).exitCode
  await node.clock.advance(0)
  assert.equal(await probe(), 0)
  await node.clock.advance(30_000)
  assert.equal(await probe(), 1)
})

test('files that the runtime gives a container', async () => {
  const node = new TestNode()
  const dnsConfig = { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local', 'svc.cluster.local'], options: ['ndots:5'] }
  const podSandboxId = await node.sandbox({ dnsConfig })
  const { imageRef } = await node.runtime.pullImage({ image: { image: 'nginx' } }, forever)
  const config = { metadata: { name: 'web' }, image: { image: imageRef } }
  const { containerId } = await node.runtime.createContainer({ podSandboxId, config }, forever)
  await node.runtime.startContainer({ containerId }, forever)
  const { stdout } = await node.runtime.execSync({ containerId, cmd: ['cat', '/etc/resolv.conf', '/etc/hostname'] }, forever)
  assert.equal(String(stdout), 'search default.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5\npod-1\n')
})

test('a session: input, output, and the caller who leaves', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({})
  const session = new Session()
  const running = node.runtime.runExec({ containerId, cmd: ['cat'] }, session)
  session.stdin.end('through')
  assert.equal(await running, 0)
  session.stdout.end()
  assert.equal(await text(session.stdout), 'through')

  const left = new Session()
  const sleeping = node.runtime.runExec({ containerId, cmd: ['sleep', '60'] }, left)
  await node.clock.advance(10)
  left.controller.abort(new Error('gone'))
  await assert.rejects(sleeping, /gone/)
  assert.equal(node.clock.waiting, 0)
})

test('attach: input and output of the program', async () => {
  const node = new TestNode()
  const echo: SimulatedImage = async ({ stdin, stdout }) => {
    for await (const part of stdin) await stdout.write(`got ${Buffer.from(part)}`)
  }
  const { containerId } = await node.start(echo, { stdin: true, stdinOnce: true })
  const session = new Session()
  const attached = node.runtime.runAttach({ containerId }, session)
  session.stdin.end('line\n')
  await attached
  session.stdout.end()
  assert.equal(await text(session.stdout), 'got line\n')
  assert.equal(await node.state(containerId), 'Completed 0')
  assert.deepEqual(await node.log(containerId), ['stdout F got line'])
})

test('a port of a pod', async () => {
  const node = new TestNode()
  const { podSandboxId } = await node.start(async context => {
    context.listen(7, connection => connection.pipe(connection))
    await context.untilStopped()
  })
  const connection = await node.runtime.openPort({ podSandboxId, port: 7 }, forever)
  connection.end('echo')
  assert.equal(String(await buffer(connection)), 'echo')
  await assert.rejects(node.runtime.openPort({ podSandboxId, port: 8 }, forever), /failed to connect to localhost:8 .*connection refused/)
})

test('there are no URLs', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({})
  await assert.rejects(node.runtime.exec({ containerId, cmd: ['true'] }, forever), /code = Unimplemented/)
})

class Session implements ExecStreams {
  readonly controller = new AbortController()
  readonly signal = this.controller.signal
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly stderr = undefined
  readonly resizes = (async function* () {})()
}
