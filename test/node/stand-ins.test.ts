/** The stand-in images do what people expect of the names they stand in for. Needs root; the first run downloads Debian packages. */
import assert from 'node:assert/strict'
import { readFile, watch } from 'node:fs/promises'
import { get } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { clock, type NodeParts, startNodeParts } from './node-parts.ts'
import { ended, runSandbox, startContainer, type TestSandbox } from './pods.ts'

const isRoot = process.getuid?.() === 0
const options = { skip: isRoot ? false : 'needs root', timeout: 60_000 }
const signal = AbortSignal.timeout(170_000)
let parts: NodeParts
let web: TestSandbox
let webServer: string

before(async () => {
  if (!isRoot) return
  parts = await startNodeParts(signal)
  web = await runSandbox(parts, 'web', signal)
  webServer = await startContainer(parts, web, { name: 'nginx', image: 'nginx:1.14.2' }, signal)
})

after(async () => {
  if (isRoot) await parts?.[Symbol.asyncDispose]()
})

async function exec(containerId: string, ...cmd: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await parts.connection.runtime.execSync({ containerId, cmd, timeout: 10n }, signal)
  assert.equal(exitCode, 0, `${cmd.join(' ')}: ${Buffer.from(stderr)}`)
  return Buffer.from(stdout).toString()
}

/** Tries again until the server in a fresh container listens. */
async function whenListening<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
      await clock.sleep(5, signal)
    }
  }
}

const page = (host: string) =>
  new Promise<string>((resolve, reject) => {
    get({ host, signal }, response => resolve(text(response))).on('error', reject)
  })

test('nginx: answers on port 80, and the request stands in its log', options, async () => {
  assert.match(await whenListening(() => page(web.ip)), /<title>Welcome to nginx!<\/title>/)
  assert.match(await untilLogged('web/nginx.log', / stdout F .*"GET \/ HTTP\/1\.1" 200 /), /"GET \/ HTTP/)
})

/** The log once it has the line: containerd writes what a container says after the answer to a request is here already. */
async function untilLogged(name: string, line: RegExp): Promise<string> {
  const path = `${parts.folder}/logs/${name}`
  for await (const text of changesOf(path)) if (line.test(text)) return text
  throw new Error(`the log "${name}" ended without ${line}`)
}

async function* changesOf(path: string): AsyncGenerator<string> {
  const changes = watch(path, { signal })
  yield await readFile(path, 'utf8')
  for await (const _ of changes) yield await readFile(path, 'utf8')
}

const commands = [
  { command: ['ls', '--all', '--classify', '/'], want: /^\.\/\n\.\.\/\nbin\/\n/ },
  { command: ['hostname'], want: /^web\n$/ },
  { command: ['bash', '-c', 'echo $0'], want: /^bash\n$/ },
  { command: ['sh', '-c', 'ps aux | grep -c "[n]ginx: master"'], want: /^1\n$/ },
  { command: ['ip', '-brief', 'address', 'show', 'dev', 'eth0'], want: /^eth0@if\d+ +UP +10\.2/ },
  { command: ['cat', '/etc/nginx/nginx.conf'], want: /^user nginx;/ },
  { command: ['env'], want: /^PATH=\/usr\/local\/sbin:/m },
]
for (const { command, want } of commands)
  test(`nginx: has ${command.join(' ')}`, options, async () => assert.match(await exec(webServer, ...command), want))

test('two nginx in one pod: the second cannot bind and ends with exit code 1', options, async () => {
  await whenListening(() => page(web.ip))
  const second = await startContainer(parts, web, { name: 'second', image: 'nginx:1.16' }, signal)
  assert.equal((await ended(parts, second, signal)).exitCode, 1)
  const log = await readFile(`${parts.folder}/logs/web/second.log`, 'utf8')
  assert.match(log, / stderr F nginx: \[emerg\] bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)\n/)
})

test('nginx: SIGQUIT is its stop signal, and ends it with exit code 0', options, async () => {
  const sandbox = await runSandbox(parts, 'stops', signal)
  const id = await startContainer(parts, sandbox, { name: 'nginx', image: 'nginx' }, signal)
  await whenListening(() => page(sandbox.ip))
  await parts.connection.runtime.stopContainer({ containerId: id, timeout: 30n }, signal)
  assert.equal((await ended(parts, id, signal)).exitCode, 0)
})

test('redis: answers others without a password', options, async () => {
  const sandbox = await runSandbox(parts, 'store', signal)
  const id = await startContainer(parts, sandbox, { name: 'redis', image: 'redis:3.2' }, signal)
  const answer = await whenListening(
    () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: sandbox.ip, port: 6379 }, () => socket.write('PING\r\n'))
        socket.once('data', data => {
          socket.destroy()
          resolve(data.toString())
        })
        socket.once('error', reject)
      }),
  )
  assert.equal(answer, '+PONG\r\n')
  assert.equal(await exec(id, 'bash', '-c', 'pwd; redis-cli ping'), '/data\nPONG\n')
})

for (const image of ['alpine', 'busybox'])
  test(`${image}: a shell with its applets, and wget reaches another pod`, options, async () => {
    const sandbox = await runSandbox(parts, image, signal)
    const id = await startContainer(parts, sandbox, { name: image, image, command: ['sleep', '600'] }, signal)
    assert.match(await whenListening(() => exec(id, 'sh', '-c', `wget -T 5 -q -O - http://${web.ip}/ | head -n 3`)), /Welcome to nginx/)
    assert.match(
      await exec(id, 'sh', '-c', 'id; ls /bin/sh; nslookup -h 2>&1 | head -n 1'),
      /^uid=0\(root\)[^\n]*\n\/bin\/sh\nBusyBox v1\.3[7-9]|BusyBox v1\.[4-9]/,
    )
  })

test('alpine: has its release files', options, async () => {
  const sandbox = await runSandbox(parts, 'release', signal)
  const id = await startContainer(parts, sandbox, { name: 'alpine', image: 'alpine:latest', command: ['sleep', '600'] }, signal)
  assert.match(await exec(id, 'sh', '-c', '. /etc/os-release; echo $ID; cat /etc/alpine-release'), /^alpine\n\d/)
})

test('tags: each has a digest of its own, layers are shared', options, async () => {
  const { images } = await parts.connection.runtime.listImages({}, signal)
  const ids = images.filter(({ repoTags }) => repoTags.some(tag => tag.includes('/nginx:'))).map(({ id }) => id)
  assert.equal(new Set(ids).size, 3)
})
