/** MISSION rows A7, A8: logs, exec, attach, cp, port-forward, over WebSocket and SPDY, by every stock kubectl. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { type KubectlVersion, root, useCluster } from './cluster.ts'

const manifests = ['sample-pod.yaml', 'sample-2pod.yaml', 'sample-workingdir.yaml'].flatMap(name => ['-f', join(root, 'examples', name)])
const crashing = 'i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo line $i; done; echo problem >&2; exit 3'
const cluster = useCluster(manifests, async running => {
  await running.kubectl('1.36', ['run', 'crashing', '--image=busybox', '--', 'sh', '-c', crashing])
  await running.waitFor('pod/crashing', 'jsonpath={.status.containerStatuses[0].restartCount}=1')
})

/** kubectl 1.20 knows SPDY only; later ones try WebSocket first and are told to use SPDY by their environment. */
const clients: { version: KubectlVersion; name: string; env: Record<string, string> }[] = [
  { version: '1.20', name: '1.20, SPDY', env: {} },
  { version: '1.32', name: '1.32, WebSocket', env: {} },
  { version: '1.36', name: '1.36, WebSocket', env: {} },
  { version: '1.36', name: '1.36, SPDY', env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' } },
]

for (const { version, name, env } of clients) {
  const exec = (...args: string[]) => cluster.kubectl(version, ['exec', ...args], { env })

  test(`kubectl ${name}: exec of plain commands, options and pipes, as the tutorial prints them`, async () => {
    assert.match(await exec('sample-pod', '--', '/bin/ls'), /^bin\n(?:.*\n)*etc\n(?:.*\n)*var\n$/)
    assert.match(await exec('sample-2pod', '-c', 'nginx-container', '--', '/bin/ls'), /^bin\n/)
    assert.match(await exec('sample-pod', '--', '/bin/ls', '--all', '--classify'), /^\.\/\n\.\.\/\n/)
    assert.equal(await exec('sample-pod', '--', '/bin/bash', '-c', 'ls -a --classify | grep lib'), 'lib/\nlib64/\n')
    assert.equal(await exec('sample-pod', '--', 'pwd'), '/\n')
    assert.equal(await exec('sample-workingdir', '--', 'pwd'), '/tmp\n')
  })

  test(`kubectl ${name}: exec gives the exit code and keeps stdout and stderr apart`, async () => {
    const outcome = await cluster.tryKubectl(version, ['exec', 'sample-pod', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'], { env })
    assert.equal(outcome.stdout, 'out\n')
    assert.match(outcome.stderr, /^err\n/)
    assert.equal(outcome.code, 7)
    const missing = await cluster.tryKubectl(version, ['exec', 'sample-pod', '--', 'no-such-program'], { env })
    assert.notEqual(missing.code, 0)
    assert.match(missing.stderr, /no-such-program/)
  })

  test(`kubectl ${name}: exec -i takes stdin to its end, 8 MiB unharmed`, async () => {
    const bytes = randomBytes(8 << 20)
    const sum = await cluster.kubectl(version, ['exec', '-i', 'sample-pod', '--', 'sha256sum'], { env, input: bytes })
    assert.equal(sum.split(' ')[0], createHash('sha256').update(bytes).digest('hex'))
  })

  test(`kubectl ${name}: exec -it gives a terminal of the right size`, async () => {
    // The size arrives beside the command, as with a real server: the command waits for it. script(1) gives kubectl a terminal of its own, as a person's shell does.
    const program = await ensureKubectl(version)
    const command = `stty rows 33 cols 77; ${program} exec -it sample-pod -- /bin/bash -c 'while [ "$(stty size)" = "0 0" ]; do :; done; stty size; tty; hostname'`
    const { stdout } = await runInTerminal(command, { ...env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder })
    assert.match(stdout, /33 77\r?\n\/dev\/pts\/\d+\r?\nsample-pod/)
  })

  test(`kubectl ${name}: cp into the Pod and back`, async () => {
    const bytes = randomBytes(300_000)
    const here = join(cluster.folder, `cp-${name.replace(/\W+/g, '-')}`)
    await writeFile(here, bytes)
    await cluster.kubectl(version, ['cp', here, 'sample-pod:/tmp/copied'], { env })
    await cluster.kubectl(version, ['cp', 'sample-pod:/tmp/copied', `${here}.back`], { env })
    assert.deepEqual(await readFile(`${here}.back`), bytes)
  })

  test(`kubectl ${name}: port-forward reaches the nginx`, async () => {
    const program = await ensureKubectl(version)
    const child = spawn(program, ['port-forward', 'pod/sample-pod', ':80'], {
      env: { ...process.env, ...env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const port = await new Promise<number>((resolve, reject) => {
        let text = ''
        child.on('exit', code => reject(new Error(`port-forward ended with ${code}: ${text}`)))
        child.stdout.setEncoding('utf8').on('data', chunk => {
          text += chunk
          const found = text.match(/Forwarding from 127\.0\.0\.1:(\d+) -> 80/)
          if (found !== null) resolve(Number(found[1]))
        })
      })
      for (let round = 0; round < 3; round++) {
        const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
        assert.match(await response.text(), /Welcome to nginx!/)
      }
    } finally {
      child.kill()
    }
  })

  test(`kubectl ${name}: logs of a running, a crashed container; tail, since, timestamps, limit`, async () => {
    const logs = (...args: string[]) => cluster.kubectl(version, ['logs', ...args], { env })
    const previous = await logs('crashing', '--previous')
    // Each stream is in order; where the one line of stderr stands among those of stdout is the runtime's affair.
    const lines = previous.trimEnd().split('\n')
    const expected = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`)
    assert.deepEqual(
      lines.filter(line => line !== 'problem'),
      expected,
    )
    assert.equal(lines.length, 21)
    assert.equal(await logs('crashing', '--previous', '--tail=2'), `${lines.slice(-2).join('\n')}\n`)
    assert.equal(await logs('crashing', '--previous', '--limit-bytes=6'), previous.slice(0, 6))
    assert.match(await logs('crashing', '--previous', '--timestamps', '--tail=1'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /)
    assert.match(await logs('crashing', '--previous', '--since=1h'), /line 1\n/)
    const missing = await cluster.tryKubectl(version, ['logs', 'sample-2pod', '-c', 'nope'], { env })
    assert.match(missing.stderr, /container nope is not valid for pod sample-2pod/)
  })
}

test('logs -f ends when the container does, having shown everything', async () => {
  await cluster.kubectl('1.36', [
    'run',
    'talker',
    '--image=busybox',
    '--restart=Never',
    '--',
    'sh',
    '-c',
    'for i in 1 2 3; do echo tick $i; sleep 1; done',
  ])
  await cluster.waitFor('pod/talker', 'condition=Ready')
  assert.equal(await cluster.kubectl('1.36', ['logs', '-f', 'talker']), 'tick 1\ntick 2\ntick 3\n')
})

test('attach -i: what is typed comes back from the container', async () => {
  await cluster.kubectl('1.36', [
    'run',
    'listener',
    '--image=busybox',
    '--stdin',
    '--attach=false',
    '--restart=Never',
    '--',
    'sh',
    '-c',
    'read line; echo "heard $line"; sleep 1',
  ])
  await cluster.waitFor('pod/listener', 'condition=Ready')
  assert.match(await cluster.kubectl('1.36', ['attach', '-i', 'listener'], { input: 'hello\n' }), /heard hello/)
})

test('a container that ignores SIGTERM is killed when its grace is over', async () => {
  await cluster.kubectl('1.36', ['run', 'stubborn', '--image=busybox', '--', 'sh', '-c', "trap '' TERM; while :; do sleep 1; done"])
  await cluster.waitFor('pod/stubborn', 'condition=Ready')
  const started = performance.now()
  await cluster.kubectl('1.36', ['delete', 'pod', 'stubborn', '--grace-period=3'])
  const tookMs = performance.now() - started
  assert.ok(tookMs > 2_500 && tookMs < 9_000, `deletion took ${tookMs} ms`)
})

test('the Pod answers on its IP from the node', async () => {
  const podIP = await cluster.jsonPath('pod/sample-pod', '.status.podIP')
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(80, podIP, () => socket.write('GET / HTTP/1.0\r\n\r\n'))
    let text = ''
    socket.setEncoding('utf8').on('data', chunk => {
      text += chunk
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
  assert.match(answer, /200 OK[^]*Welcome to nginx!/)
})

function runInTerminal(command: string, env: Record<string, string>): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, ...env },
      timeout: 30_000,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', chunk => {
      stdout += chunk
    })
    child.on('error', reject)
    child.on('close', () => resolve({ stdout }))
  })
}
