import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PodSandboxConfigInit } from '#cri/cri.ts'
import { NamespaceMode, SecurityProfile_ProfileType } from '#cri/gen/runtime.gen.ts'
import type { RemoteRuntime } from '#cri/remote/runtime.ts'

export interface BareRuntimeOptions {
  runtime: RemoteRuntime
  clusterID: string
  logFolder: string
  image: string
  command: string[]
}

/** The container runtime without a kubelet: what starting a pod costs below us. */
export class BareRuntime {
  readonly #options: BareRuntimeOptions

  constructor(options: BareRuntimeOptions) {
    this.#options = options
  }

  /** Runs a sandbox with its network and one container in it; without a kubelet's labels, the kubelet leaves them alone. */
  async startMs(name: string): Promise<number> {
    const { runtime, logFolder, image, command } = this.#options
    const { signal } = new AbortController()
    const config = this.#sandboxConfig(name)
    const logs = join(logFolder, name)
    await mkdir(logs)
    const began = performance.now()
    const { podSandboxId } = await runtime.runPodSandbox({ config }, signal)
    const container = { metadata: { name: 'main' }, image: { image }, command, logPath: 'main.log', linux: { securityContext: security } }
    const { containerId } = await runtime.createContainer({ podSandboxId, config: container, sandboxConfig: config }, signal)
    await runtime.startContainer({ containerId }, signal)
    const tookMs = performance.now() - began
    await runtime.stopPodSandbox({ podSandboxId }, signal)
    await runtime.removePodSandbox({ podSandboxId }, signal)
    return tookMs
  }

  #sandboxConfig(name: string): PodSandboxConfigInit {
    const { clusterID, logFolder } = this.#options
    return {
      metadata: { name, namespace: 'bench', uid: name, attempt: 0 },
      hostname: name,
      logDirectory: join(logFolder, name),
      linux: { cgroupParent: `/coxswain-${clusterID}/bench-${name}`, securityContext: security },
    }
  }
}

const seccomp = { profileType: SecurityProfile_ProfileType.Unconfined }
const security = { namespaceOptions: { pid: NamespaceMode.CONTAINER }, seccomp }
