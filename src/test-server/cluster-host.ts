import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '#base/log.ts'
import type { Cluster } from '#cluster/index.ts'
import { ControlServer } from './control-server.ts'
import type { HostedCluster } from './hosted-cluster.ts'
import { keep, NamedSnapshots } from './named-snapshots.ts'
import { OrderedFaults } from './ordered-faults.ts'
import { routes } from './routes.ts'
import { TimeClaims } from './time-claims.ts'

const secretBytes = 24

/** The clusters of one process, each with a kubeconfig file and a secret of its own. Disposing it stops them and removes the files. */
export class ClusterHost implements AsyncDisposable {
  readonly #folder: string
  readonly #control: ControlServer
  readonly #hosted: Map<string, HostedCluster>
  readonly #broken = Promise.withResolvers<never>()
  #count = 0

  private constructor(folder: string, control: ControlServer, hosted: Map<string, HostedCluster>) {
    this.#folder = folder
    this.#control = control
    this.#hosted = hosted
  }

  static async open(log: Logger): Promise<ClusterHost> {
    const folder = await mkdtemp(join(tmpdir(), 'coxswain-test-'))
    const hosted = new Map<string, HostedCluster>()
    try {
      return new ClusterHost(folder, await ControlServer.listen({ routes, find: secret => hosted.get(secret), log }), hosted)
    } catch (error) {
      await rm(folder, { recursive: true })
      throw error
    }
  }

  /** Rejects when a part of a cluster broke. */
  get broken(): Promise<never> {
    return this.#broken.promise
  }

  /**
   * Takes over a running cluster.
   * @param options.isKept in a folder
   * @param options.forkOf the cluster that it goes on from
   * @param options.onStop called when somebody has asked through the control API that the cluster ends, once the answer is out; without it
   *   the cluster ends alone
   */
  async add(cluster: Cluster, options: { isKept?: boolean; forkOf?: HostedCluster; onStop?: () => void } = {}): Promise<HostedCluster> {
    const { isKept = false, forkOf, onStop } = options
    const secret = randomBytes(secretBytes).toString('base64url')
    const kubeconfig = join(this.#folder, `kubeconfig-${this.#count++}`)
    await cluster.writeKubeconfig(kubeconfig)
    cluster.ended.catch(this.#broken.reject)
    const faults = new OrderedFaults()
    if (forkOf !== undefined) faults.replace(forkOf.faults, order => cluster.faults.find(order))
    const hosted: HostedCluster = {
      cluster,
      endpoint: { kubeconfig, url: cluster.url, control: this.#control.urlOf(secret) },
      isKept,
      beginning: await keep(cluster, faults),
      faults,
      snapshots: new NamedSnapshots(),
      time: new TimeClaims(),
      fork: async () => (await this.add(await cluster.fork(), { forkOf: hosted })).endpoint,
      stop: async () => (onStop === undefined ? this.#remove(secret) : void setImmediate(onStop)),
    }
    this.#hosted.set(secret, hosted)
    return hosted
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control[Symbol.asyncDispose]()
    await Promise.all([...this.#hosted.keys()].map(secret => this.#remove(secret)))
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #remove(secret: string): Promise<void> {
    const { cluster, endpoint } = this.#hosted.get(secret)!
    this.#hosted.delete(secret)
    await cluster.stop()
    await rm(endpoint.kubeconfig, { force: true })
  }
}
