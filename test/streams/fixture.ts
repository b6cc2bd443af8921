import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { silentLogger } from '../../src/base/log.ts'
import { RealClock } from '../../src/base/clock.ts'
import type { KubeletHost } from '../../src/kubelet/server/host.ts'
import { KubeletServer } from '../../src/kubelet/server/server.ts'
import { newCertificates } from './certificates.ts'
import { MockServer } from './mock-apiserver.ts'
import { ProcessHost } from './process-host.ts'

/** A kubelet server behind a mock API server, and a kubeconfig for it. */
export class Fixture implements AsyncDisposable {
  readonly folder: string
  readonly api: MockServer
  readonly url: string
  readonly ca: string
  readonly logPath: string
  readonly #kubelet: KubeletServer

  private constructor(parts: { folder: string; api: MockServer; url: string; ca: string; kubelet: KubeletServer; logPath: string }) {
    this.folder = parts.folder
    this.api = parts.api
    this.url = parts.url
    this.ca = parts.ca
    this.logPath = parts.logPath
    this.#kubelet = parts.kubelet
  }

  static async start(wrap: (host: KubeletHost) => KubeletHost = host => host): Promise<Fixture> {
    const folder = await mkdtemp(join(tmpdir(), 'streams-'))
    const logPath = join(folder, '0.log')
    await writeFile(logPath, '')
    const { ca, server, client } = await newCertificates()
    const kubelet = new KubeletServer({
      host: wrap(new ProcessHost(logPath)),
      tls: { ...server, clientCA: ca },
      authorize: async ({ clientCertificate }) =>
        clientCertificate?.commonName === 'kube-apiserver'
          ? { allowed: true }
          : { allowed: false, statusCode: 401, message: 'Unauthorized' },
      clock: new RealClock(),
      logger: silentLogger,
    })
    const { port } = await kubelet.listen(0, '127.0.0.1')
    const api = new MockServer({ ca, server, client, kubelet: { host: '127.0.0.1', port } })
    const url = await api.listen()
    await writeFile(join(folder, 'kubeconfig'), kubeconfig(url, ca))
    return new Fixture({ folder, api, url, ca, kubelet, logPath })
  }

  /** Starts a program with the kubeconfig. It may not outlive 60 seconds. */
  spawn(program: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const base = { PATH: process.env['PATH'] ?? '', HOME: this.folder, KUBECONFIG: join(this.folder, 'kubeconfig'), TERM: 'dumb' }
    return spawn(program, args, { env: { ...base, ...env }, timeout: 60_000, killSignal: 'SIGKILL' })
  }

  async run(program: string, args: readonly string[], { env, input }: { env?: Record<string, string>; input?: Buffer | string } = {}) {
    const child = this.spawn(program, args, env)
    child.stdin!.on('error', () => {})
    child.stdin!.end(input)
    const closed = once(child, 'close') as Promise<[number | null]>
    const [stdout, stderr, [code]] = await Promise.all([buffer(child.stdout!), buffer(child.stderr!), closed])
    return { code, stdout, stderr: stderr.toString() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]()
    await this.#kubelet.close()
    await rm(this.folder, { recursive: true })
  }
}

function kubeconfig(server: string, ca: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'test', user: { token: 'secret' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  })
}
