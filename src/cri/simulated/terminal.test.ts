import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { ExecStreams } from '../cri.ts'
import { TestNode } from './testing.ts'

const prompt = 'root@pod-1:/# '

/** What is typed one after the other into `bash` on a terminal, what the screen shows for it, and how the shell ends. */
const sessions: { name: string; keys: string[]; screen: string; code: number }[] = [
  { name: 'a command', keys: ['echo hi\r', 'exit 3\r'], screen: `${prompt}echo hi\r\nhi\r\n${prompt}exit 3\r\n`, code: 3 },
  { name: 'keys one by one', keys: 'echo x\rexit\r'.split(''), screen: `${prompt}echo x\r\nx\r\n${prompt}exit\r\n`, code: 0 },
  { name: 'a key taken back', keys: ['echo ab\x7fc\r\x04'], screen: `${prompt}echo ab\b \bc\r\nac\r\n${prompt}\r\n`, code: 0 },
  {
    name: 'a command of several lines',
    keys: ['if true\r', 'then echo yes; fi\r', '\x04'],
    screen: `${prompt}if true\r\n> then echo yes; fi\r\nyes\r\n${prompt}\r\n`,
    code: 0,
  },
  {
    name: 'an interrupted command',
    keys: ['sleep 60\r', '\x03', 'exit $?\r'],
    screen: `${prompt}sleep 60\r\n^C\r\n${prompt}exit $?\r\n`,
    code: 130,
  },
  { name: 'an interrupted line', keys: ['echo', '\x03', '\x04'], screen: `${prompt}echo^C\r\n${prompt}\r\n`, code: 130 },
  {
    name: 'a command with input',
    keys: ['cat\r', 'x\r', '\x04', 'exit\r'],
    screen: `${prompt}cat\r\nx\r\nx\r\n${prompt}exit\r\n`,
    code: 0,
  },
  {
    name: 'a shell in the shell',
    keys: ['sh\r', 'exit 2\r', 'exit $?\r'],
    screen: `${prompt}sh\r\n# exit 2\r\n${prompt}exit $?\r\n`,
    code: 2,
  },
  { name: 'the end of the input', keys: ['\x04'], screen: `${prompt}\r\n`, code: 0 },
]
for (const { name, keys, screen, code } of sessions) {
  test(`a terminal: ${name}`, async () => {
    const node = new TestNode()
    const { containerId } = await node.start({})
    const streams = new Keys()
    const running = node.runtime.runExec({ containerId, cmd: ['/bin/bash'], tty: true }, streams)
    for (const key of keys) {
      streams.stdin.write(key)
      await node.clock.advance(10)
    }
    assert.deepEqual([await running, streams.screen], [code, screen])
  })
}

test('a terminal: Ctrl-C ends a command that is no shell', async () => {
  const node = new TestNode()
  const { containerId } = await node.start({})
  const streams = new Keys()
  const running = node.runtime.runExec({ containerId, cmd: ['sleep', '60'], tty: true }, streams)
  await node.clock.advance(10)
  streams.stdin.write('\x03')
  assert.equal(await running, 130)
  assert.equal(node.clock.waiting, 0)
})

class Keys implements ExecStreams {
  readonly signal = new AbortController().signal
  readonly stdin = new PassThrough()
  readonly stdout = new PassThrough()
  readonly stderr = undefined
  readonly resizes = (async function* () {})()
  screen = ''

  constructor() {
    this.stdout.on('data', (data: Buffer) => {
      this.screen += data.toString()
    })
  }
}

const attached: { name: string; image: string; command: string[]; keys: string[]; screen: string; end: string }[] = [
  {
    name: 'busybox',
    image: 'busybox',
    command: [],
    keys: ['\r', 'echo hi\r', 'sleep 9\r', '\x03', 'exit 3\r'],
    screen: '\r\n/ # echo hi\r\nhi\r\n/ # sleep 9\r\n^C\r\n/ # exit 3\r\n',
    end: 'Error 3',
  },
  {
    name: 'an image of which nothing is known',
    image: 'ubuntu',
    command: ['bash'],
    keys: ['unknown\r', '\x04'],
    screen: `unknown\r\n${prompt}\r\n`,
    end: 'Completed 0',
  },
]
for (const { name, image, command, keys, screen, end } of attached) {
  test(`a container with a terminal: ${name}`, async () => {
    const node = new TestNode()
    await node.runtime.pullImage({ image: { image } }, new AbortController().signal)
    const podSandboxId = await node.sandbox()
    const config = { metadata: { name: 'box' }, image: { image }, args: command, stdin: true, stdinOnce: true, tty: true }
    const { containerId } = await node.runtime.createContainer({ podSandboxId, config }, new AbortController().signal)
    await node.runtime.startContainer({ containerId }, new AbortController().signal)
    await node.clock.advance(10)
    const streams = new Keys()
    const running = node.runtime.runAttach({ containerId }, streams)
    for (const key of keys) {
      streams.stdin.write(key)
      await node.clock.advance(10)
    }
    await running
    assert.deepEqual([streams.screen, await node.state(containerId)], [screen, end])
    assert.equal(node.clock.waiting, 0)
  })
}

test('a container with a terminal: an unknown image stops when it is told to', async () => {
  const node = new TestNode()
  await node.runtime.pullImage({ image: { image: 'ubuntu' } }, new AbortController().signal)
  const config = { metadata: { name: 'box' }, image: { image: 'ubuntu' }, command: ['sh'], stdin: true, tty: true }
  const { containerId } = await node.runtime.createContainer({ podSandboxId: await node.sandbox(), config }, new AbortController().signal)
  await node.runtime.startContainer({ containerId }, new AbortController().signal)
  await node.clock.advance(10)
  await node.stop(containerId, 30)
  assert.equal(await node.state(containerId), 'Completed 0')
})
