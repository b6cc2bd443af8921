import { shared } from '#base/shared-text.ts'
import type { PodSandboxConfigInit } from '../cri.ts'
import type { NamespaceOption, PodSandbox, PodSandboxStatus } from '../gen/runtime.gen.ts'
import { NamespaceMode, PodSandboxState } from '../gen/runtime.gen.ts'
import type { Container } from './container.ts'
import { noTexts, type Texts } from './texts.ts'
import { toNanoseconds } from './timestamp.ts'

const noContainers: readonly Container[] = Object.freeze([])

export interface SandboxInit {
  id: string
  config: PodSandboxConfigInit
  runtimeHandler: string
  createdMs: number
  /** Empty in the node's own network. */
  address: string
}

/** A pod sandbox, kept small: what the CRI may be asked for. */
export class Sandbox {
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly attempt: number
  readonly labels: Texts
  readonly annotations: Texts
  readonly hostname: string
  readonly logDirectory: string
  readonly runtimeHandler: string
  readonly createdMs: number
  readonly namespaces: Partial<NamespaceOption> | undefined
  /** What `/etc/resolv.conf` says. */
  readonly resolvConf: string
  ready = true
  address: string
  containers: readonly Container[] = noContainers

  constructor({ id, config, runtimeHandler, createdMs, address }: SandboxInit) {
    const { name = '', namespace = '', uid = '', attempt = 0 } = config.metadata ?? {}
    this.id = id
    this.name = name
    this.namespace = namespace
    this.uid = uid
    this.attempt = attempt
    this.labels = config.labels ?? noTexts
    this.annotations = config.annotations ?? noTexts
    this.hostname = config.hostname ?? ''
    this.logDirectory = config.logDirectory ?? ''
    this.runtimeHandler = runtimeHandler
    this.createdMs = createdMs
    this.namespaces = config.linux?.securityContext?.namespaceOptions as Partial<NamespaceOption> | undefined
    this.resolvConf = shared(resolvConfOf(config.dnsConfig ?? {}))
    this.address = address
  }

  get onHostNetwork(): boolean {
    return this.namespaces?.network === NamespaceMode.NODE
  }

  get state(): PodSandboxState {
    return this.ready ? PodSandboxState.SANDBOX_READY : PodSandboxState.SANDBOX_NOTREADY
  }

  toListItem(): PodSandbox {
    return {
      $typeName: 'runtime.v1.PodSandbox',
      id: this.id,
      metadata: metadataOf(this),
      state: this.state,
      createdAt: toNanoseconds(this.createdMs),
      labels: this.labels,
      annotations: this.annotations,
      runtimeHandler: this.runtimeHandler,
    }
  }

  toStatus(): PodSandboxStatus {
    const { network = 0, pid = 0, ipc = 0, targetId = '' } = this.namespaces ?? {}
    return {
      ...this.toListItem(),
      $typeName: 'runtime.v1.PodSandboxStatus',
      network: { $typeName: 'runtime.v1.PodSandboxNetworkStatus', ip: this.address, additionalIps: [] },
      linux: {
        $typeName: 'runtime.v1.LinuxPodSandboxStatus',
        namespaces: {
          $typeName: 'runtime.v1.Namespace',
          options: { $typeName: 'runtime.v1.NamespaceOption', network, pid, ipc, targetId },
        },
      },
    }
  }
}

function metadataOf({ name, namespace, uid, attempt }: Sandbox): PodSandbox['metadata'] {
  return { $typeName: 'runtime.v1.PodSandboxMetadata', name, namespace, uid, attempt }
}

/** As containerd writes it. */
function resolvConfOf({ searches = [], servers = [], options = [] }: NonNullable<PodSandboxConfigInit['dnsConfig']>): string {
  const lines = [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map(server => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
  return lines.map(line => `${line}\n`).join('')
}
