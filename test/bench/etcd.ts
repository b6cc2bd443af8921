import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { Client, credentials } from '@grpc/grpc-js'

const program = '/usr/bin/etcd'
const startWithinMs = 15_000

/** A real etcd on loopback, for comparison. */
export class Etcd implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #client: Client

  private constructor(child: ChildProcess, client: Client) {
    this.#child = child
    this.#client = client
  }

  static get isInstalled(): boolean {
    return existsSync(program)
  }

  /** Starts with its data in `folder`; resolves when it answers. */
  static async start(folder: string): Promise<Etcd> {
    const [clientURL, peerURL] = [await freeURL(), await freeURL()]
    const options = {
      'data-dir': folder,
      'listen-client-urls': clientURL,
      'advertise-client-urls': clientURL,
      'listen-peer-urls': peerURL,
      'initial-advertise-peer-urls': peerURL,
      'initial-cluster': `default=${peerURL}`,
      logger: 'zap',
      'log-level': 'error',
    }
    const child = spawn(
      program,
      Object.entries(options).map(([name, value]) => `--${name}=${value}`),
      { stdio: 'ignore' },
    )
    const client = new Client(new URL(clientURL).host, credentials.createInsecure())
    const etcd = new Etcd(child, client)
    try {
      await new Promise<void>((resolve, reject) => {
        client.waitForReady(performance.timeOrigin + performance.now() + startWithinMs, error => (error ? reject(error) : resolve()))
      })
      await etcd.put(Buffer.from('first'), Buffer.from('first'))
      return etcd
    } catch (error) {
      await etcd[Symbol.asyncDispose]()
      throw error
    }
  }

  put(key: Uint8Array, value: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        '/etcdserverpb.KV/Put',
        encodePutRequest,
        (response: Buffer) => response,
        { key, value },
        error => (error ? reject(error) : resolve()),
      )
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close()
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }
}

/** etcdserverpb.PutRequest: field 1 is the key, field 2 the value, both bytes. */
function encodePutRequest({ key, value }: { key: Uint8Array; value: Uint8Array }): Buffer {
  return Buffer.concat([...bytesField(1, key), ...bytesField(2, value)])
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array[] {
  const lengthDelimited = 2
  const header = [(number << 3) | lengthDelimited]
  let length = bytes.length
  for (; length > 0x7f; length >>>= 7) header.push((length & 0x7f) | 0x80)
  header.push(length)
  return [Buffer.from(header), bytes]
}

async function freeURL(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return `http://127.0.0.1:${address.port}`
}
