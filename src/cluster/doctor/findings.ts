import type { MachineFacts } from './facts.ts'

/** One thing about the machine that matters for pods. */
export interface Finding {
  what: string
  value: string
  /** Whether pods can run like this. */
  ok: boolean
  /** What to do about it, or what does not work meanwhile. */
  cure?: string
}

const GiB = 1024 ** 3
const freeDiskBytesMin = 2 * GiB
const memoryBytesMin = GiB
/** Oldest kernel with everything used: cgroup v2 freezer, idmapped mounts come later and are optional. */
const kernelMin = [5, 4] as const
const controllersNeeded = ['cpu', 'memory', 'pids']

/** Judges what was seen; the order is the one to read them in. */
export function judge(facts: MachineFacts): Finding[] {
  return [
    platform,
    privileges,
    kernel,
    cgroups,
    packages,
    runtime,
    overlay,
    userNamespaces,
    oomScore,
    forwarding,
    bridgeFilter,
    podRange,
    ports,
    memory,
    swap,
    disk,
  ].map(rule => rule(facts))
}

type Rule = (facts: MachineFacts) => Finding

/** A finding whose cure only stands when there is something to cure. */
function finding(what: string, value: string, problem: string | false): Finding {
  return problem === false ? { what, value, ok: true } : { what, value, ok: false, cure: problem }
}

/** Not in the way of pods, but good to know. */
function note(what: string, value: string, text: string | false): Finding {
  return { what, value, ok: true, ...(text !== false && { cure: text }) }
}

const platform: Rule = ({ platform, architecture }) =>
  finding(
    'machine',
    `${platform} on ${architecture}`,
    (platform !== 'linux' || !['x64', 'arm64'].includes(architecture)) &&
      'real pods need Linux on x64 or arm64; simulated pods run everywhere',
  )

const privileges: Rule = ({ isRoot }) =>
  finding('user', isRoot ? 'root' : 'not root', !isRoot && 'run as root: real pods need mounts and network namespaces')

const kernel: Rule = ({ kernel }) => {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number)
  const isOld = major < kernelMin[0] || (major === kernelMin[0] && minor < kernelMin[1])
  return finding('kernel', kernel, isOld && `use Linux ${kernelMin.join('.')} or newer`)
}

const cgroups: Rule = ({ cgroup, cgroupControllers }) => {
  const missing = controllersNeeded.filter(name => !cgroupControllers.includes(name))
  if (cgroup === undefined) return finding('cgroups', 'not mounted', 'mount them: mount -t cgroup2 none /sys/fs/cgroup')
  return finding(
    'cgroups',
    `${cgroup} with ${cgroupControllers.join(', ') || 'no controllers'}`,
    missing.length > 0 && `enable ${missing.join(', ')} in the kernel's command line: limits of pods cannot be kept without`,
  )
}

const packages: Rule = ({ missingPackages }) =>
  finding(
    'packages',
    missingPackages.length === 0 ? 'all there' : `missing: ${missingPackages.join(', ')}`,
    missingPackages.length > 0 && `apt-get install ${missingPackages.join(' ')}`,
  )

const runtime: Rule = ({ containerd, runc, nft }) => {
  const value = `containerd ${containerd ?? 'missing'}, runc ${runc ?? 'missing'}, nft ${nft ?? 'missing'}`
  const [major = 0, minor = 0] = (containerd ?? '').split('.').map(Number)
  if (containerd === undefined || runc === undefined || nft === undefined) return finding('runtime', value, 'install the missing packages')
  return finding('runtime', value, (major < 1 || (major === 1 && minor < 6)) && 'use containerd 1.6 or newer')
}

const overlay: Rule = ({ overlayfs }) =>
  finding('overlay file system', overlayfs ? 'available' : 'missing', !overlayfs && 'load it: modprobe overlay')

const userNamespaces: Rule = ({ userNamespacesMax, containerd }) => {
  const inKernel = (userNamespacesMax ?? 0) > 0
  const inRuntime = Number.parseInt(containerd ?? '0', 10) >= 2
  const value = inKernel ? (inRuntime ? 'available' : 'in the kernel, not in this containerd') : 'off in the kernel'
  return note(
    'user namespaces',
    value,
    !(inKernel && inRuntime) &&
      'pods with hostUsers: false are refused; they need containerd 2.0 or newer and user.max_user_namespaces above 0',
  )
}

const oomScore: Rule = ({ canLowerOOMScore }) =>
  note(
    'CAP_SYS_RESOURCE',
    canLowerOOMScore ? 'there' : 'missing',
    !canLowerOOMScore && 'pods run, but no program can be protected from running out of memory, and containers cannot add SYS_RESOURCE',
  )

const forwarding: Rule = ({ ipForward }) =>
  note('IP forwarding', ipForward ? 'on' : 'off', !ipForward && 'it is switched on while a cluster exists')

const bridgeFilter: Rule = ({ bridgeCallsIptables }) =>
  note(
    'bridge filter',
    bridgeCallsIptables === undefined ? 'not in the kernel' : bridgeCallsIptables ? 'on' : 'off',
    bridgeCallsIptables !== true &&
      'pods cannot reach Services whose endpoint is on their own node: modprobe br_netfilter; sysctl net.bridge.bridge-nf-call-iptables=1',
  )

const podRange: Rule = ({ podCIDR }) =>
  'chosen' in podCIDR ? finding('pod range', podCIDR.chosen, false) : finding('pod range', 'none', podCIDR.problem)

const ports: Rule = ({ portsInUse }) =>
  finding(
    'ports',
    portsInUse.length === 0 ? 'free' : `in use: ${portsInUse.join(', ')}`,
    portsInUse.length > 0 && 'end what listens there (ss -ltnp shows it; it may be a cluster that runs already), or choose another port',
  )

const memory: Rule = ({ memoryBytes }) =>
  finding('memory', gibibytes(memoryBytes), memoryBytes < memoryBytesMin && 'one GiB or more is needed')

const swap: Rule = ({ swapBytes }) =>
  note(
    'swap',
    swapBytes === 0 ? 'off' : gibibytes(swapBytes),
    swapBytes > 0 && 'memory limits of pods do not count what is swapped out: swapoff -a',
  )

const disk: Rule = ({ disk: { folder, freeBytes, totalBytes } }) =>
  finding(
    'disk',
    `${gibibytes(freeBytes)} of ${gibibytes(totalBytes)} free at ${folder}`,
    freeBytes < freeDiskBytesMin && `make room: images need ${gibibytes(freeDiskBytesMin)} or more`,
  )

function gibibytes(bytes: number): string {
  return `${(bytes / GiB).toFixed(1)} GiB`
}
