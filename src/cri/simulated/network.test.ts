import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { NamespaceMode } from '../gen/runtime.gen.ts'
import type { SimulatedImage } from './image.ts'
import { forever, TestNode } from './testing.ts'

const question = { method: 'GET', path: '/', headers: {}, body: Buffer.alloc(0) }

describe('HTTP', () => {
  const answers: { name: string; image: SimulatedImage; path?: string; port?: number; answer: string }[] = [
    { name: 'nothing said', image: {}, answer: '200 ' },
    { name: 'a body', image: { http: { '/': 'hello' } }, answer: '200 hello' },
    { name: 'a status', image: { http: { '/': 503 } }, answer: '503 ' },
    { name: 'with a query', image: { http: { '/x': { status: 201, body: 'made' } } }, path: '/x?y=1', answer: '201 made' },
    { name: 'no such path', image: { http: { '/': 'hello' } }, path: '/none', answer: '404 404 page not found\n' },
    { name: 'all other paths', image: { http: { '/': 'hello', '*': 418 } }, path: '/none', answer: '418 ' },
    { name: 'a function', image: { http: { '*': ({ path, port }) => `${port}${path}` } }, path: '/p', answer: '200 80/p' },
    { name: 'a port that is closed', image: { ports: [8080] }, answer: 'connect ECONNREFUSED 10.1.0.2:80' },
    { name: 'before it is ready', image: { readyAfterMs: 1 }, answer: 'connect ECONNREFUSED 10.1.0.2:80' },
    {
      name: 'a program',
      image: async context => {
        context.http(80, async ({ method }) => ({ status: 202, body: method }))
        await context.untilStopped()
      },
      answer: '202 GET',
    },
    { name: 'a program that does not listen', image: ({ untilStopped }) => untilStopped(), answer: 'connect ECONNREFUSED 10.1.0.2:80' },
  ]
  for (const { name, image, path = '/', port = 80, answer } of answers) {
    test(name, async () => {
      const node = new TestNode()
      const { podSandboxId } = await node.start(image)
      const address = { ip: await node.ipOf(podSandboxId), port }
      const ask = async () => node.environment.network.request(address, { ...question, path }, forever)
      assert.equal(
        await ask().then(
          ({ status, body }) => `${status} ${body}`,
          error => error.message,
        ),
        answer,
      )
    })
  }

  test('a slow answer can be left', async () => {
    const node = new TestNode()
    const { podSandboxId } = await node.start({ http: { '*': { delayMs: 5_000 } } })
    const address = { ip: await node.ipOf(podSandboxId), port: 80 }
    const deadline = new AbortController()
    const ask = async () => node.environment.network.request(address, question, deadline.signal)
    const asked = ask()
    deadline.abort(new Error('too slow'))
    await assert.rejects(asked, /too slow/)
    assert.equal(node.clock.waiting, 0)
  })

  test('over a connection', async () => {
    const node = new TestNode()
    const { podSandboxId } = await node.start({ http: { '/hello': 'world' } })
    const connection = await node.runtime.openPort({ podSandboxId, port: 8080 }, forever)
    connection.write('GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    assert.match(await text(connection), /^HTTP\/1\.1 200 OK\r\n[^]*world/)
  })
})

test('addresses: each pod its own, given back, not used again soon', async () => {
  const node = new TestNode({ podCIDR: '10.9.0.0/29' })
  const sandboxes = [await node.sandbox(), await node.sandbox(), await node.sandbox()]
  assert.deepEqual(await Promise.all(sandboxes.map(id => node.ipOf(id))), ['10.9.0.2', '10.9.0.3', '10.9.0.4'])
  await node.runtime.stopPodSandbox({ podSandboxId: sandboxes[0]! }, forever)
  const more = [await node.sandbox(), await node.sandbox(), await node.sandbox()]
  assert.deepEqual(await Promise.all(more.map(id => node.ipOf(id))), ['10.9.0.5', '10.9.0.6', '10.9.0.2'])
  await assert.rejects(
    node.sandbox(),
    /failed to setup network for sandbox ".*": no IP addresses available in range set: 10\.9\.0\.1-10\.9\.0\.6/,
  )
})

test('a pod that is stopped cannot be reached', async () => {
  const node = new TestNode()
  const { podSandboxId } = await node.start({})
  const address = { ip: await node.ipOf(podSandboxId), port: 80 }
  node.environment.network.requireOpen(address)
  await node.runtime.stopPodSandbox({ podSandboxId }, forever)
  assert.throws(() => node.environment.network.requireOpen(address), { code: 'EHOSTUNREACH' })
})

test("pods in the node's network are found at its address", async () => {
  const node = new TestNode()
  const linux = { securityContext: { namespaceOptions: { network: NamespaceMode.NODE } } }
  const config = { metadata: { name: 'host', namespace: 'default', uid: 'host', attempt: 0 }, linux }
  const { podSandboxId } = await node.runtime.runPodSandbox({ config }, forever)
  assert.equal(await node.ipOf(podSandboxId), '')
  const address = { ip: '192.168.0.1', port: 80 }
  assert.throws(() => node.environment.network.requireOpen(address), { code: 'ECONNREFUSED' })
  await node.runtime.pullImage({ image: { image: 'nginx' } }, forever)
  const { containerId } = await node.runtime.createContainer(
    { podSandboxId, config: { metadata: { name: 'c' }, image: { image: 'nginx' } } },
    forever,
  )
  await node.runtime.startContainer({ containerId }, forever)
  node.environment.network.requireOpen(address)
})

test('without a range the network is not ready until one comes', async () => {
  const node = new TestNode({ podCIDR: undefined } as object)
  const network = async () => (await node.runtime.status({}, forever)).status!.conditions[1]
  assert.deepEqual([(await network())?.status, (await network())?.reason], [false, 'NetworkPluginNotReady'])
  await assert.rejects(node.sandbox(), /cni plugin not initialized/)
  await node.runtime.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr: 'fd00::/64,10.7.0.0/24' } } }, forever)
  assert.equal((await network())?.status, true)
  assert.equal(await node.ipOf(await node.sandbox()), '10.7.0.2')
})
