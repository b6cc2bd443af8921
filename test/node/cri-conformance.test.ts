import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RealClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/log.ts'
import { containerdPaths, ensureContainerd, removeAllPods, removeContainerd } from '../../src/cluster/containerd/index.ts'
import { ensureSandboxImage, sandboxImageName } from '../../src/cluster/sandbox-image/index.ts'
import { describeConformance, type Subject } from '../../src/cri/conformance.ts'
import { NamespaceMode } from '../../src/cri/gen/runtime.gen.ts'
import { connectRuntime } from '../../src/cri/remote/connect.ts'

const signal = AbortSignal.any([])
const clock = new RealClock()
const hostFolders = ['/bin', '/lib', '/lib64', '/usr', '/etc']

/** Containers run this machine's own programs, read-only, in its network: no image and no CNI plugin is needed. */
describeConformance('containerd', async (): Promise<Subject> => {
  const folder = await mkdtemp(join(tmpdir(), 'cri-'))
  const folders = { dataFolder: join(folder, 'data'), runFolder: join(folder, 'run') }
  const cni = { binFolder: '/usr/lib/cni', confFolder: join(folder, 'cni') }
  await mkdir(cni.confFolder)
  const containerd = await ensureContainerd({ ...folders, clock, logger: silentLogger, sandboxImage: sandboxImageName, cni }, signal)
  const { runtime, transport, ...connection } = connectRuntime({ socketPath: containerdPaths(folders).socket, clock })
  await ensureSandboxImage({ transport, images: runtime, clock, architecture: process.arch }, signal)
  const namespaceOptions = { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER, ipc: NamespaceMode.POD }
  return {
    runtime,
    image: sandboxImageName,
    sandbox: { linux: { securityContext: { namespaceOptions } } },
    container: {
      mounts: hostFolders.map(path => ({ containerPath: path, hostPath: path, readonly: true })),
      linux: { securityContext: { namespaceOptions, runAsUser: { value: 0n } } },
    },
    logDirectory: folder,
    readLog: path => readFile(path, 'utf8'),
    pause: () => clock.sleep(5, signal),
    settle: promise => promise,
    async [Symbol.asyncDispose]() {
      await removeAllPods(runtime, signal)
      connection[Symbol.dispose]()
      containerd[Symbol.dispose]()
      await removeContainerd({ ...folders, clock }, signal)
      await rm(folder, { recursive: true })
    },
  }
})
