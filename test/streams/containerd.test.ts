import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { ensureKubectl, type KubectlVersion } from '../../hack/kubectl.ts'
import { startContainerdHost } from './containerd-host.ts'
import { Fixture } from './fixture.ts'
import { outputOf } from './output-of.ts'

const modes: { version: KubectlVersion; webSockets: boolean }[] = [
  { version: '1.20', webSockets: false },
  { version: '1.36', webSockets: false },
  { version: '1.36', webSockets: true },
]

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('streams carried by containerd', () => {
  let containerd: Awaited<ReturnType<typeof startContainerdHost>>
  let fixture: Fixture
  before(async () => {
    containerd = await startContainerdHost()
    fixture = await Fixture.start(() => containerd.host)
  })
  after(async () => {
    await fixture?.[Symbol.asyncDispose]()
    await containerd?.[Symbol.asyncDispose]()
  })

  for (const { version, webSockets } of modes) {
    const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(webSockets), KUBECTL_PORT_FORWARD_WEBSOCKETS: String(webSockets) }
    const name = `kubectl ${version}, ${webSockets ? 'WebSocket' : 'SPDY'}`
    const run = async (args: string[], input?: Buffer) =>
      fixture.run(await ensureKubectl(version), args, input === undefined ? { env } : { env, input })

    test(`${name}: exec with errors and exit code`, async () => {
      const { code, stdout, stderr } = await run(['exec', 'web', '--', 'sh', '-c', 'echo out; echo err >&2; exit 3'])
      assert.deepEqual(
        { code, stdout: String(stdout), stderr },
        { code: 3, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 3\n' },
      )
    })

    test(`${name}: exec -i, 32 MiB through cat`, async t => {
      const input = randomBytes(32 * 2 ** 20)
      const start = performance.now()
      const { code, stdout, stderr } = await run(['exec', '-i', 'web', '--', 'cat'], input)
      t.diagnostic(`${Math.round((32 * 1000) / (performance.now() - start))} MiB/s`)
      assert.deepEqual(
        { code, stderr, bytes: stdout.length, sha: sha(stdout) },
        { code: 0, stderr: '', bytes: input.length, sha: sha(input) },
      )
    })

    test(`${name}: exec -it, terminal size`, async () => {
      const waiting = 'until stty size | grep -q "45 123"; do :; done; stty size'
      const command = `stty cols 123 rows 45; ${await ensureKubectl(version)} exec -it web -- sh -c '${waiting}'`
      const { stdout } = await fixture.run('script', ['-qec', command, '/dev/null'], { env })
      assert.match(stdout.toString(), /45 123/)
    })

    test(`${name}: attach and logs`, async () => {
      const kubectl = await ensureKubectl(version)
      const follower = fixture.spawn(kubectl, ['logs', '-f', 'web'], env)
      const attached = fixture.spawn(kubectl, ['attach', '-i', 'web'], env)
      const [logShows, shows] = [outputOf(follower), outputOf(attached)]
      attached.stdin!.write(`${name}\n`)
      await shows(new RegExp(`^got ${name}$`, 'm'))
      await logShows(new RegExp(`^got ${name}$`, 'm'))
      for (const child of [follower, attached]) {
        child.kill()
        await once(child, 'close')
      }
    })

    test(`${name}: port-forward`, async () => {
      const echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket)).listen(0, '127.0.0.1')
      await once(echo, 'listening')
      const target = (echo.address() as { port: number }).port
      const child = fixture.spawn(await ensureKubectl(version), ['port-forward', 'pod/web', `:${target}`], env)
      try {
        const [, local] = await outputOf(child)(new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${target}`))
        const content = randomBytes(4 * 2 ** 20)
        const roundTrip = async () => {
          const socket = connect(Number(local), '127.0.0.1')
          socket.end(content)
          return sha(await buffer(socket))
        }
        assert.deepEqual(await Promise.all([roundTrip(), roundTrip()]), Array(2).fill(sha(content)))
      } finally {
        child.kill()
        await once(child, 'close')
        echo.close()
      }
    })
  }
})
