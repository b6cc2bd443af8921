import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, silentLogger } from '#base/log.ts'
import { type ClusterOptions, startCluster } from '#cluster/index.ts'
import { ControlServer } from './control-server.ts'
import type { ClusterEndpoint, HostedCluster } from './hosted-cluster.ts'
import { defineImages } from './image-routes.ts'
import type { ImageDeclaration } from './image-shape.ts'
import { routes } from './routes.ts'

const secretBytes = 24

export interface TestServerOptions {
  cluster: ClusterOptions
  /** By name. */
  images?: Readonly<Record<string, ImageDeclaration>>
  log?: Logger
}

/** A cluster for programs outside of this process: a kubeconfig file, and the control API. */
export class TestServer implements AsyncDisposable {
  readonly endpoint: ClusterEndpoint
  /** Resolves when somebody asked the server to stop; rejects when a part of the cluster broke. */
  readonly stopped: Promise<void>
  readonly #owned: AsyncDisposableStack

  private constructor(endpoint: ClusterEndpoint, stopped: Promise<void>, owned: AsyncDisposableStack) {
    this.endpoint = endpoint
    this.stopped = stopped
    this.#owned = owned
  }

  /** The cluster runs and its nodes are Ready when this resolves. Disposing it leaves nothing behind. */
  static async start({ cluster: options, images = {}, log = silentLogger }: TestServerOptions): Promise<TestServer> {
    await using owned = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'coxswain-test-'))
    owned.defer(() => rm(folder, { recursive: true, force: true }))
    const { nodes = [], ...rest } = options
    const cluster = owned.use(await startCluster(rest))
    // Before the first node: in a folder there may be pods that run as soon as there is one.
    defineImages(cluster.images, images)
    await cluster.addNodes(...[nodes].flat())
    const stop = Promise.withResolvers<void>()
    const hosted = new Map<string, HostedCluster>()
    const control = owned.use(await ControlServer.listen({ routes, find: secret => hosted.get(secret), log }))
    const secret = randomBytes(secretBytes).toString('base64url')
    const kubeconfig = join(folder, 'kubeconfig')
    await cluster.writeKubeconfig(kubeconfig)
    const endpoint = { kubeconfig, url: cluster.url, control: control.urlOf(secret) }
    hosted.set(secret, { cluster, endpoint, stop: () => setImmediate(stop.resolve) })
    const broken = cluster.ended.then(() => new Promise<never>(() => {}))
    return new TestServer(endpoint, Promise.race([stop.promise, broken]), owned.move())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]()
  }
}
