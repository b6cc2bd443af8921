import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RealClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { containerdPaths, ensureContainerd, removeAllPods, removeContainerd } from '../../src/cluster/containerd/index.ts'
import { ensureSandboxImage, sandboxImageName } from '../../src/cluster/sandbox-image/index.ts'
import { NamespaceMode } from '../../src/cri/gen/runtime.gen.ts'
import { connectRuntime } from '../../src/cri/remote/connect.ts'
import type { KubeletHost } from '../../src/kubelet/server/host.ts'
import { ProcessHost, pod } from './process-host.ts'

const signal = AbortSignal.any([])
const clock = new RealClock()
const hostFolders = ['/bin', '/lib', '/lib64', '/usr', '/etc']

/** A containerd of its own with one container: programs of this machine, read-only, in the machine's network. */
export async function startContainerdHost() {
  const folder = await mkdtemp(join(tmpdir(), 'cri-'))
  const folders = { dataFolder: join(folder, 'data'), runFolder: join(folder, 'run') }
  const cni = { binFolder: '/usr/lib/cni', confFolder: join(folder, 'cni') }
  await mkdir(cni.confFolder)
  const containerd = await ensureContainerd({ ...folders, clock, logger: silentLogger, sandboxImage: sandboxImageName, cni }, signal)
  const { runtime, transport, ...connection } = connectRuntime({ socketPath: containerdPaths(folders).socket, clock })
  await ensureSandboxImage({ transport, images: runtime, clock, architecture: process.arch }, signal)
  const namespaces = { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER, ipc: NamespaceMode.POD }
  const config = {
    metadata: { ...pod.metadata, attempt: 0 },
    logDirectory: folder,
    linux: { securityContext: { namespaceOptions: namespaces } },
  }
  const { podSandboxId } = await runtime.runPodSandbox({ config }, signal)
  const mounts = hostFolders.map(path => ({ containerPath: path, hostPath: path, readonly: true }))
  const containerConfig = {
    metadata: { name: 'main', attempt: 0 },
    image: { image: sandboxImageName },
    command: ['/bin/sh', '-c', 'while read line; do echo "got $line"; done'],
    stdin: true,
    mounts,
    logPath: 'main.log',
    linux: { securityContext: { namespaceOptions: namespaces, runAsUser: { value: 0n } } },
  }
  const { containerId } = await runtime.createContainer({ podSandboxId, config: containerConfig, sandboxConfig: config }, signal)
  await runtime.startContainer({ containerId }, signal)
  const logs = new ProcessHost(join(folder, 'main.log'))
  const host: KubeletHost = {
    pods: () => logs.pods(),
    containerLog: (...args) => logs.containerLog(...args),
    exec: async (_, { command, ...streams }) => runtime.exec({ containerId, cmd: [...command], ...streams }, signal),
    attach: async (_, streams) => runtime.attach({ containerId, ...streams }, signal),
    portForward: async (_, ports) => runtime.portForward({ podSandboxId, port: [...ports] }, signal),
  }
  return {
    host,
    async [Symbol.asyncDispose]() {
      await removeAllPods(runtime, signal)
      connection[Symbol.dispose]()
      containerd[Symbol.dispose]()
      await removeContainerd({ ...folders, clock }, signal)
      await rm(folder, { recursive: true })
    },
  }
}
