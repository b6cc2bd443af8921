import assert from 'node:assert/strict'
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import type { ClusterEndpoint } from '#test-server/index.ts'
import { TestAPI } from '#test-server/testing.ts'

const program = [...process.execArgv.filter(arg => !arg.startsWith('--test')), join(import.meta.dirname, 'cox.ts'), 'test-server']

function start(args: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn(process.execPath, [...program, ...args], { stdio })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return line
}

/** The server has ended by itself and left nothing. */
async function assertEnded(child: ChildProcess, { kubeconfig }: ClusterEndpoint): Promise<void> {
  if (child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, 0)
  await assert.rejects(access(kubeconfig), { code: 'ENOENT' })
}

describe('cox test-server', { concurrency: 2 }, () => {
  test('ends when its standard input does', async () => {
    const child = start([], ['pipe', 'pipe', 'inherit'])
    const endpoint = JSON.parse(await firstLine(child)) as ClusterEndpoint
    assert.deepEqual(await (await fetch(`${endpoint.control}/nodes`)).json(), { nodes: ['node-0'] })
    child.stdin!.end()
    await assertEnded(child, endpoint)
  })

  test('without a pipe it ends by a signal; describes itself in variables', async () => {
    const child = start(['--output=env', '--nodes=0'], ['ignore', 'pipe', 'inherit'])
    const shell = spawn('/bin/sh', ['-c', 'read a; read b; read c; eval "$a; $b; $c"; echo "$KUBECONFIG|$COX_URL|$COX_CONTROL"'])
    child.stdout!.pipe(shell.stdin)
    const [kubeconfig = '', url = '', control = ''] = (await text(shell.stdout)).trim().split('|')
    assert.deepEqual(await (await fetch(`${control}/`)).json(), { kubeconfig, url, control })
    child.kill('SIGTERM')
    await assertEnded(child, { kubeconfig, url, control })
  })

  test('ends when another descriptor does', async () => {
    const child = start(['--lifeline=3', '--nodes=0'], ['ignore', 'pipe', 'inherit', 'pipe'])
    const endpoint = JSON.parse(await firstLine(child)) as ClusterEndpoint
    ;(child.stdio[3] as NodeJS.WritableStream).end()
    await assertEnded(child, endpoint)
  })

  test('with a folder: what was written is there again after the next start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cox-test-server-'))
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } }
    try {
      for (const method of ['POST', 'GET'] as const) {
        const child = start(['--nodes=0', `--storage=${folder}`], ['pipe', 'pipe', 'inherit'])
        const endpoint = JSON.parse(await firstLine(child)) as ClusterEndpoint
        using api = await TestAPI.connect(endpoint)
        const path = '/api/v1/namespaces/default/configmaps'
        const { metadata } = await (method === 'POST' ? api.request(method, path, configMap) : api.request(method, `${path}/kept`))
        assert.equal(metadata.name, 'kept')
        child.stdin!.end()
        await assertEnded(child, endpoint)
      }
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('ends when its parent is killed', async () => {
    const parent = `const { spawn } = await import('node:child_process')
      spawn(process.execPath, ${JSON.stringify([...program, '--nodes=0'])}, { stdio: ['pipe', 'inherit', 'inherit'] })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { kubeconfig } = JSON.parse(await firstLine(child)) as ClusterEndpoint
    child.kill('SIGKILL')
    // Its standard output is the server's, too: it is closed when both are gone.
    await once(child, 'close')
    await assert.rejects(access(kubeconfig), { code: 'ENOENT' })
  })

  test('with a command: runs it with the way to the cluster in its environment, and ends with its code', async () => {
    const script = `const clock = await (await fetch(process.env.COX_CONTROL + '/clock')).json()
      const { nodes } = await (await fetch(process.env.COX_CONTROL + '/nodes')).json()
      console.log(JSON.stringify([clock.virtual, nodes, process.env.KUBECONFIG]))
      process.exitCode = 7`
    const flags = ['--clock=virtual', '--nodes={count: 2, namePrefix: gpu, capacity: {cpu: 4}}', '--image=web={readyAfterMs: 3000}']
    const child = start([...flags, '--', process.execPath, '--input-type=module', '-e', script], ['ignore', 'pipe', 'inherit'])
    const [isVirtual, nodes, kubeconfig] = JSON.parse(await text(child.stdout!)) as [boolean, string[], string]
    if (child.exitCode === null) await once(child, 'exit')
    assert.deepEqual([child.exitCode, isVirtual, nodes], [7, true, ['gpu-0', 'gpu-1']])
    await assert.rejects(access(kubeconfig), { code: 'ENOENT' })
  })

  test('with a command that a signal ends: the code is that of a shell; a signal to the server is passed on', async () => {
    const child = start(['--nodes=0', '--', 'sh', '-c', 'echo ready; exec sleep 60'], ['ignore', 'pipe', 'inherit'])
    assert.equal(await firstLine(child), 'ready')
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    assert.equal(code, 128 + 15)
  })
})
