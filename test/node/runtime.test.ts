/** The node's lower half with real parts: containerd, CNI, the sandbox image, a pull. Needs root. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { isUnavailable } from '#cri/error.ts'
import { ContainerState } from '#cri/gen/runtime.gen.ts'
import { clock, type NodeParts, startNodeParts } from './node-parts.ts'
import { ended, Events, runSandbox, startContainer, statusOf, type TestSandbox } from './pods.ts'

const isRoot = process.getuid?.() === 0
const options = { skip: isRoot ? false : 'needs root', timeout: 60_000 }
const signal = AbortSignal.timeout(170_000)
let parts: NodeParts
let sandbox: TestSandbox

before(async () => {
  if (!isRoot) return
  parts = await startNodeParts(signal)
})

test('a container that ends: its events come in order, and its status is final when the last one is there', options, async () => {
  const { runtime } = parts.connection
  const stop = new AbortController()
  const events = new Events()
  const collected = events.collect(runtime.containerEvents(stop.signal)).catch(error => error)
  await events.next(({ type }) => type === 'Subscribed')
  sandbox = await runSandbox(parts, 'first', signal)
  const id = await startContainer(
    parts,
    sandbox,
    { name: 'ends', image: 'busybox:latest', command: ['sh', '-c', 'echo hello; exit 7'] },
    signal,
  )
  const stopped = await events.next(({ type, containerID }) => type === 'Stopped' && containerID === id)
  const { state, exitCode, reason } = await statusOf(parts, id, signal)
  assert.deepEqual({ state, exitCode, reason }, { state: ContainerState.CONTAINER_EXITED, exitCode: 7, reason: 'Error' })
  assert.deepEqual({ pod: stopped.podUID, sandbox: stopped.podSandboxID }, { pod: 'uid-of-first', sandbox: sandbox.podSandboxId })
  const types = events.seen.filter(({ containerID }) => containerID === id).map(({ type }) => type)
  assert.deepEqual(types.at(-1), 'Stopped')
  assert.match(await readFile(`${parts.folder}/logs/first/ends.log`, 'utf8'), /^\S+ stdout F hello\n$/)
  await runtime.removeContainer({ containerId: id }, signal)
  await events.next(({ type, containerID }) => type === 'Deleted' && containerID === id)
  stop.abort(new Error('seen enough'))
  assert.equal((await collected).message, 'seen enough')
})

test('a pod has one address of the range, and nothing of the range leaves the machine', options, async () => {
  assert.match(sandbox.ip, /^10\.2(4[4-9]|5[01])\.0\.\d+$/)
  const elsewhere = sandbox.ip.replace(/\.0\.\d+$/, '.77.1')
  for (const host of [elsewhere, '10.96.0.1']) {
    const [error] = await once(connect({ host, port: 80 }), 'error')
    assert.equal((error as NodeJS.ErrnoException).code, 'EHOSTUNREACH')
  }
})

test('memory runs out: reason OOMKilled when the event is there', options, async () => {
  const { runtime } = parts.connection
  const { imageRef } = await runtime.pullImage({ image: { image: 'busybox' } }, signal)
  const command = ['sh', '-c', 'x=x; while :; do x=$x$x; done']
  const linux = { resources: { memoryLimitInBytes: 16n * 1024n * 1024n, memorySwapLimitInBytes: 16n * 1024n * 1024n } }
  const config = { metadata: { name: 'hungry' }, image: { image: imageRef }, command, logPath: 'hungry.log', linux }
  const { containerId } = await runtime.createContainer({ ...sandbox, config }, signal)
  await runtime.startContainer({ containerId }, signal)
  const { exitCode, reason } = await ended(parts, containerId, signal)
  assert.deepEqual({ exitCode, reason }, { exitCode: 137, reason: 'OOMKilled' })
})

test('an image that no registry has → NotFound', options, async () => {
  const { runtime } = parts.connection
  await assert.rejects(runtime.pullImage({ image: { image: 'nginx:none' } }, signal), { code: 'NotFound' })
})

test('kill -9 of containerd: calls say so, its container goes on and is found again', options, async () => {
  const id = await startContainer(parts, sandbox, { name: 'stays', image: 'busybox', command: ['sleep', '600'] }, signal)
  const { startedAt } = await statusOf(parts, id, signal)
  const events = new Events()
  const stream = events.collect(parts.connection.runtime.containerEvents(signal)).catch(error => error)
  await events.next(({ type }) => type === 'Subscribed')
  const { pid, exited } = parts.containerd
  process.kill(pid, 'SIGKILL')
  await exited
  assert.ok(isUnavailable(await stream))
  await assert.rejects(parts.connection.runtime.version(signal), isUnavailable)
  await parts.reconnect()
  assert.notEqual(parts.containerd.pid, pid)
  const status = await statusOf(parts, id, signal)
  assert.deepEqual([status.state, status.startedAt], [ContainerState.CONTAINER_RUNNING, startedAt])
  const { exitCode } = await parts.connection.runtime.execSync({ containerId: id, cmd: ['true'], timeout: 5n }, signal)
  assert.equal(exitCode, 0)
})

test('a container that ends while containerd is away: its exit code is there afterwards', options, async () => {
  const id = await startContainer(parts, sandbox, { name: 'ends-alone', image: 'busybox', command: ['sleep', '600'] }, signal)
  const { info } = await parts.connection.runtime.containerStatus({ containerId: id, verbose: true }, signal)
  const program: number = JSON.parse(info.info!).pid
  process.kill(parts.containerd.pid, 'SIGKILL')
  await parts.containerd.exited
  process.kill(program, 'SIGKILL')
  await parts.reconnect()
  const { exitCode } = await ended(parts, id, signal)
  // containerd 1.7 and newer forget it and say 255.
  assert.equal(exitCode, parts.containerd.version.startsWith('1.6.') ? 137 : 255)
})

test('a running containerd is taken over, not started again', options, async () => {
  const { pid } = parts.containerd
  const startMs = clock.monotonicMs()
  await parts.reconnect()
  assert.deepEqual([parts.containerd.adopted, parts.containerd.pid], [true, pid])
  assert.ok(clock.monotonicMs() - startMs < 5_000)
})

after(async () => {
  if (!isRoot || parts === undefined) return
  await parts[Symbol.asyncDispose]()
  assert.deepEqual(parts.traces(), [])
})
