/** What was seen of a machine. Undefined where it could not be found out. */
export interface MachineFacts {
  platform: string
  architecture: string
  nodeVersion: string
  isRoot: boolean
  kernel: string
  /** Types of the mounts at /sys/fs/cgroup and below. */
  cgroup: 'v1' | 'v2' | 'hybrid' | undefined
  /** Controllers that containers can be limited by. */
  cgroupControllers: string[]
  containerd: string | undefined
  runc: string | undefined
  nft: string | undefined
  missingPackages: string[]
  /** Whether the kernel can mount these. */
  overlayfs: boolean
  /** How many user namespaces a user may have. */
  userNamespacesMax: number | undefined
  canLowerOOMScore: boolean
  ipForward: boolean | undefined
  /** Undefined where the kernel has no bridge filter (module br_netfilter). */
  bridgeCallsIptables: boolean | undefined
  swapBytes: number
  memoryBytes: number
  /** Of the file system that the data folder is on. */
  disk: { folder: string; freeBytes: number; totalBytes: number }
  /** Ports that the program wants to listen on and somebody else has. */
  portsInUse: number[]
  podCIDR: { chosen: string } | { problem: string }
}
