import type { NodeSystemInfo } from '#api/core/v1/types.gen.ts'

/** What can be seen of the machine. A simulated node makes it up. */
export interface NodeProbe {
  /** Does not change while the kubelet runs. */
  machine(): Promise<MachineFacts>
  pressure(): Promise<PressureFacts>
}

export interface MachineFacts {
  cpus: number
  memoryBytes: number
  /** Of the file system of the kubelet's folder. */
  ephemeralStorageBytes: number
  /** By page size: `2Mi` → bytes set aside. */
  hugePages: Record<string, number>
  /** By name: `nvidia.com/gpu` → how many. */
  extendedResources?: Readonly<Record<string, string>>
  info: Omit<NodeSystemInfo, 'containerRuntimeVersion' | 'kubeletVersion' | 'kubeProxyVersion'>
}

export interface PressureFacts {
  memoryAvailableBytes: number
  diskAvailableShare: number
  inodesFreeShare: number
  pidsAvailable: number
}
