import { type Logger, silentLogger } from '#base/log.ts'
import { type ClusterOptions, startCluster } from '#cluster/index.ts'
import { ClusterHost } from './cluster-host.ts'
import type { ClusterEndpoint } from './hosted-cluster.ts'
import { defineImages } from './image-routes.ts'
import type { ImageDeclaration } from './image-shape.ts'

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
    const { nodes = [], ...rest } = options
    const cluster = owned.use(await startCluster(rest))
    // Before the first node: in a folder there may be pods that run as soon as there is one.
    defineImages(cluster.images, images)
    await cluster.addNodes(...[nodes].flat())
    // It ends first, so that whoever waits is told why.
    const host = owned.use(await ClusterHost.open(log))
    const stop = Promise.withResolvers<void>()
    const isKept = options.storage !== undefined && options.storage !== 'memory'
    const { endpoint } = await host.add(cluster, { isKept, onStop: stop.resolve })
    return new TestServer(endpoint, Promise.race([stop.promise, host.broken]), owned.move())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]()
  }
}
