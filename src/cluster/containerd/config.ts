/** What containerd's configuration file says. Paths are absolute. */
export interface ContainerdConfig {
  /** containerd's own version, as in `1.6.20`. */
  version: string
  rootFolder: string
  stateFolder: string
  socketPath: string
  sandboxImage: string
  cni: { binFolder: string; confFolder: string }
  /** Folder with `<registry host>/hosts.toml`. Only one: of several, containerd 2.1 would read none. */
  registryFolder: string
  runtime: { path: string; stateFolder: string }
  /** Must be set where the process lacks CAP_SYS_RESOURCE: containers that ask for a negative score could not start otherwise. */
  restrictOOMScore: boolean
  /** Whether the kernel enforces AppArmor profiles. */
  apparmor: boolean
}

/** Plugins that a Kubernetes node never asks; without them containerd starts faster and leaves no folder such as /opt/containerd behind. */
const disabledPlugins = [
  'io.containerd.internal.v1.opt',
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
]

type Value = string | number | boolean | string[]
type Table = [path: string[], entries: Record<string, Value>]

/** The configuration file for this version of containerd: format 3 from 2.0 on, format 2 before. */
export function containerdConfig(config: ContainerdConfig): string {
  const tables = isVersion2(config.version) ? version3Tables(config) : version2Tables(config)
  return `# Written by Coxswain at every start; changes are lost.\n${tables.map(tomlTable).join('\n')}`
}

function isVersion2(version: string): boolean {
  return Number(/^v?(\d+)\./.exec(version)?.[1] ?? 1) >= 2
}

function commonTables(config: ContainerdConfig, version: number): Table[] {
  return [
    [[], { version, root: config.rootFolder, state: config.stateFolder, disabled_plugins: disabledPlugins }],
    [['grpc'], { address: config.socketPath }],
    [['debug'], { level: 'warn' }],
  ]
}

function version2Tables(config: ContainerdConfig): Table[] {
  const cri = ['plugins', 'io.containerd.grpc.v1.cri']
  return [
    ...commonTables(config, 2),
    [cri, { sandbox_image: config.sandboxImage, ...streamServer, ...containerDefaults(config) }],
    [[...cri, 'cni'], { bin_dir: config.cni.binFolder, conf_dir: config.cni.confFolder }],
    [[...cri, 'registry'], { config_path: config.registryFolder }],
    [[...cri, 'containerd'], { snapshotter: 'overlayfs', default_runtime_name: 'runc' }],
    [[...cri, 'containerd', 'runtimes', 'runc'], { runtime_type: 'io.containerd.runc.v2' }],
    [[...cri, 'containerd', 'runtimes', 'runc', 'options'], runtimeOptions(config)],
  ]
}

function version3Tables(config: ContainerdConfig): Table[] {
  const images = ['plugins', 'io.containerd.cri.v1.images']
  const runtime = ['plugins', 'io.containerd.cri.v1.runtime']
  return [
    ...commonTables(config, 3),
    [images, { snapshotter: 'overlayfs' }],
    [[...images, 'pinned_images'], { sandbox: config.sandboxImage }],
    [[...images, 'registry'], { config_path: config.registryFolder }],
    [runtime, containerDefaults(config)],
    [[...runtime, 'cni'], { bin_dirs: [config.cni.binFolder], conf_dir: config.cni.confFolder }],
    [[...runtime, 'containerd'], { default_runtime_name: 'runc' }],
    [[...runtime, 'containerd', 'runtimes', 'runc'], { runtime_type: 'io.containerd.runc.v2' }],
    [[...runtime, 'containerd', 'runtimes', 'runc', 'options'], runtimeOptions(config)],
    [['plugins', 'io.containerd.grpc.v1.cri'], streamServer],
    // Would put a socket for plugins of others into /run/nri.
    [['plugins', 'io.containerd.nri.v1.nri'], { disable: true }],
  ]
}

/** exec, attach and port-forward reach only the kubelet on the same machine. */
const streamServer = { stream_server_address: '127.0.0.1', stream_server_port: '0' }

function containerDefaults(config: ContainerdConfig): Record<string, Value> {
  return {
    disable_apparmor: !config.apparmor,
    enable_unprivileged_icmp: true,
    enable_unprivileged_ports: true,
    // Network namespaces of pods lie beside the rest of the state, not among those of `ip netns`.
    netns_mounts_under_state_dir: true,
    restrict_oom_score_adj: config.restrictOOMScore,
    tolerate_missing_hugetlb_controller: true,
  }
}

function runtimeOptions(config: ContainerdConfig): Record<string, Value> {
  return { BinaryName: config.runtime.path, Root: config.runtime.stateFolder, SystemdCgroup: false }
}

function tomlTable([path, entries]: Table): string {
  const header = path.length === 0 ? '' : `[${path.map(tomlKey).join('.')}]\n`
  return `${header}${Object.entries(entries)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('')}`
}

function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)
}
