import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { ensureKubectl, type KubectlVersion } from '../../hack/kubectl.ts'
import { Fixture } from './fixture.ts'
import { outputOf } from './output-of.ts'
import { StreamingRuntime } from './streaming-runtime.ts'

const webSocketsOff = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }
const webSocketsOn = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'true' }
const spdy = { env: webSocketsOff, exec: 'POST SPDY/3.1 ', portForward: 'POST SPDY/3.1 ' }
const webSocket = { env: webSocketsOn, exec: 'GET websocket v5.channel.k8s.io', portForward: 'GET websocket SPDY/3.1+portforward.k8s.io' }
interface Mode {
  version: KubectlVersion
  env: Record<string, string>
  /** The upgrade requests that kubectl is to make. */
  exec: string
  portForward: string
  /** Who carries the streams: the kubelet, or a streaming server of the runtime. */
  carrier: 'kubelet' | 'runtime'
}
const modes: Mode[] = [
  { version: '1.20', carrier: 'kubelet', ...spdy },
  { version: '1.32', carrier: 'kubelet', ...spdy },
  { version: '1.36', carrier: 'kubelet', ...spdy },
  { version: '1.32', carrier: 'kubelet', ...webSocket },
  { version: '1.36', carrier: 'kubelet', ...webSocket },
  { version: '1.20', carrier: 'runtime', ...spdy },
  { version: '1.36', carrier: 'runtime', ...spdy },
  { version: '1.36', carrier: 'runtime', ...webSocket },
]

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

for (const { version, env, exec, portForward, carrier } of modes) {
  describe(`kubectl ${version}, ${exec.split(' ')[1]}, carried by the ${carrier}`, () => {
    let fixture: Fixture
    let kubectl: string
    const runtime = new StreamingRuntime()
    before(async () => {
      kubectl = await ensureKubectl(version)
      await runtime.listen()
      fixture = await Fixture.start(host => (carrier === 'runtime' ? runtime.wrap(host) : host))
    })
    after(async () => {
      await fixture?.[Symbol.asyncDispose]()
      await runtime[Symbol.asyncDispose]()
    })
    const run = (args: string[], input?: Buffer | string) => fixture.run(kubectl, args, input === undefined ? { env } : { env, input })

    test('exec: output, errors and exit code', async () => {
      const { code, stdout, stderr } = await run(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
      assert.equal(stdout.toString(), 'out\n')
      assert.equal(stderr, 'err\ncommand terminated with exit code 3\n')
      assert.equal(code, 3)
      assert.equal(fixture.api.upgrades.at(-1), exec)
    })

    test('exec: a command that cannot run', async () => {
      const { code, stderr } = await run(['exec', 'web', '--', '/does/not/exist'])
      assert.match(stderr, /Internal error occurred: error executing command in container: spawn \/does\/not\/exist ENOENT/)
      assert.equal(code, 1)
    })

    test('exec: an unknown pod', async () => {
      const { code, stderr } = await run(['exec', 'other', '--', 'true'])
      assert.match(stderr, /pods "other" not found/)
      assert.equal(code, 1)
    })

    test('exec -i: 32 MiB through cat', async t => {
      const input = randomBytes(32 * 2 ** 20)
      const start = performance.now()
      const { code, stdout, stderr } = await run(['exec', '-i', 'web', '--', 'cat'], input)
      t.diagnostic(`${Math.round((32 * 1000) / (performance.now() - start))} MiB/s`)
      assert.equal(stderr, '')
      assert.equal(code, 0)
      assert.equal(stdout.length, input.length)
      assert.equal(sha(stdout), sha(input))
    })

    test('exec -it: terminal size', async () => {
      const command = `stty cols 123 rows 45; ${kubectl} exec -it web -- terminal-sizes`
      const { stdout } = await fixture.run('script', ['-qec', command, '/dev/null'], { env })
      assert.match(stdout.toString(), /tty=true 123x45/)
    })

    test('attach -i: output and input', async () => {
      const { code, stdout } = await run(['attach', '-i', 'web'], 'hello\n')
      assert.equal(stdout.toString(), 'attached\nhello\n')
      assert.equal(code, 0)
    })

    test('cp: both ways', async () => {
      const content = randomBytes(4 * 2 ** 20)
      const [source, target, back] = ['source', 'target', 'back'].map(name => join(fixture.folder, name)) as [string, string, string]
      await writeFile(source, content)
      const there = await run(['cp', source, `web:${target}`])
      assert.equal(there.code, 0, there.stderr)
      assert.equal(sha(await readFile(target)), sha(content))
      const here = await run(['cp', `web:${target}`, back])
      assert.equal(here.code, 0, here.stderr)
      assert.equal(sha(await readFile(back)), sha(content))
    })

    test('logs: tail, then follow', async () => {
      const line = (text: string) => `2026-01-01T00:00:00.000000000Z stdout F ${text}\n`
      await writeFile(fixture.logPath, line('one') + line('two'))
      assert.equal((await run(['logs', 'web', '--tail=1', '--timestamps'])).stdout.toString(), '2026-01-01T00:00:00.000000000Z two\n')
      const child = fixture.spawn(kubectl, ['logs', '-f', 'web'], env)
      const shows = outputOf(child)
      await shows(/^one\ntwo\n$/)
      await appendFile(fixture.logPath, line('three'))
      await shows(/^one\ntwo\nthree\n$/)
      child.kill()
      await once(child, 'close')
    })

    test('port-forward: several connections, half-close, a closed port', async t => {
      const echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket)).listen(0, '127.0.0.1')
      await once(echo, 'listening')
      const target = (echo.address() as { port: number }).port
      const child = fixture.spawn(kubectl, ['port-forward', 'pod/web', `:${target}`, ':1'], env)
      try {
        const shows = outputOf(child)
        const [, local] = await shows(new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${target}`))
        assert.equal(fixture.api.upgrades.at(-1), portForward)
        const content = randomBytes(8 * 2 ** 20)
        const start = performance.now()
        const roundTrip = async () => {
          const socket = connect(Number(local), '127.0.0.1')
          socket.end(content)
          return sha(await buffer(socket))
        }
        const got = await Promise.all([roundTrip(), roundTrip(), roundTrip()])
        t.diagnostic(`${Math.round((24 * 1000) / (performance.now() - start))} MiB/s`)
        assert.deepEqual(got, Array(3).fill(sha(content)))
        const [, refused] = await shows(/127\.0\.0\.1:(\d+) -> 1\n/)
        const stderr = once(child.stderr!, 'data')
        const socket = connect(Number(refused), '127.0.0.1')
        socket.on('error', () => {})
        socket.write('x')
        assert.match(String(await stderr), /error forwarding port 1 to pod web, uid 1{8}.*: connect ECONNREFUSED/)
        socket.destroy()
      } finally {
        child.kill()
        await once(child, 'close')
        echo.close()
      }
    })
  })
}
