/** A node's lower half for tests: network, containerd with the sandbox image, and the offline registry, in folders of its own. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RealClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import {
  type ContainerdHandle,
  type ContainerdOptions,
  ensureContainerd,
  removeAllPods,
  removeContainerd,
} from '#cluster/containerd/index.ts'
import { ensureStandIns, startOfflineRegistry } from '#cluster/images/index.ts'
import { machineFolder } from '#cluster/node/node-runtime.ts'
import { ensureSandboxImage, sandboxImageName } from '#cluster/sandbox-image/index.ts'
import { connectRuntime, type RuntimeConnection } from '#cri/remote/connect.ts'
import { choosePodCIDR, nodePodCIDR, readResolvers, readRoutes, removePodNetwork, setUpPodNetwork } from '#network/cni/index.ts'

export const clock = new RealClock()
const imageFolder = join(import.meta.dirname, '../../.cache/images')

export interface NodeParts extends AsyncDisposable {
  folder: string
  containerd: ContainerdHandle
  connection: RuntimeConnection
  /** Takes the running containerd over, or starts it again. */
  reconnect(): Promise<void>
  /** What the machine shows of this cluster. */
  traces(): string[]
}

/** Starts everything; disposing removes everything. */
export async function startNodeParts(signal: AbortSignal): Promise<NodeParts> {
  const clusterID = `test-${randomBytes(4).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-node-'))
  const runFolder = join('/run', `cox-${clusterID}`)
  const clusterCIDR = choosePodCIDR({ routes: await readRoutes(signal), avoid: await readResolvers() })
  const network = {
    clusterID,
    clusterCIDR,
    nodeCIDR: nodePodCIDR(clusterCIDR, 0)!,
    serviceCIDR: '10.96.0.0/12',
    egress: 'none' as const,
    confFolder: join(folder, 'cni'),
    ipamFolder: join(folder, 'ipam'),
    machineFolder,
  }
  const { folder: images } = await ensureStandIns({ folder: imageFolder, architecture: process.arch }, signal)
  const registry = await startOfflineRegistry({ folders: [images], logger: silentLogger })
  const { bridge, table, addRoutes } = await setUpPodNetwork(network, signal)
  const options: ContainerdOptions = {
    dataFolder: join(folder, 'containerd'),
    runFolder,
    clock,
    logger: silentLogger,
    sandboxImage: sandboxImageName,
    cni: { binFolder: '/usr/lib/cni', confFolder: network.confFolder },
    mirrorURL: registry.url,
    // For trying other versions than the installed one.
    ...(process.env.COXSWAIN_TEST_CONTAINERD !== undefined && { programs: { containerd: process.env.COXSWAIN_TEST_CONTAINERD } }),
  }
  const connect = async () => {
    const containerd = await ensureContainerd(options, signal)
    return { containerd, connection: connectRuntime({ socketPath: containerd.socketPath, clock }) }
  }
  const close = (parts: { containerd: ContainerdHandle; connection: RuntimeConnection }) => {
    parts.connection[Symbol.dispose]()
    parts.containerd[Symbol.dispose]()
  }
  const parts: NodeParts = {
    folder,
    ...(await connect()),
    async reconnect() {
      close(parts)
      Object.assign(parts, await connect())
    },
    traces: () => tracesOf([bridge, table, runFolder, folder, addRoutes[0]!.split(' ').at(-1)!]),
    async [Symbol.asyncDispose]() {
      const cleanup = AbortSignal.timeout(60_000)
      await parts.reconnect()
      await removeAllPods(parts.connection.runtime, cleanup)
      close(parts)
      await removeContainerd(options, cleanup)
      await removePodNetwork(network, cleanup)
      await registry[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
  const { transport, runtime } = parts.connection
  await ensureSandboxImage({ transport, images: runtime, clock, architecture: process.arch }, signal)
  return parts
}

/** Everything on the machine that bears the mark of one cluster; other clusters may come and go meanwhile. Nothing when it is removed. */
function tracesOf(marks: readonly string[]): string[] {
  const ask = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8' })
  const list = (folder: string) =>
    existsSync(folder)
      ? readdirSync(folder)
          .map(name => join(folder, name))
          .join('\n')
      : ''
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\0', ' ') : '')
  const processes = readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
  const texts = [
    read('/proc/self/mounts'),
    ask('ip', '-oneline', 'link'),
    ask('ip', 'route'),
    ask('ip', 'netns'),
    ask('nft', 'list', 'ruleset'),
    ...['/run', '/tmp', '/var/lib/cni/results'].map(list),
    ...processes.map(pid => readOrNothing(`/proc/${pid}/cmdline`)),
  ]
  return texts.flatMap(text => text.split('\n')).filter(line => marks.some(mark => line.includes(mark)))

  function readOrNothing(path: string): string {
    try {
      return read(path)
    } catch {
      return ''
    }
  }
}
