import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { findProcesses } from '#base/find-processes.ts'
import { run } from '#base/process.ts'
import { identifyProcess, isRunning, type ProcessIdentity } from '#base/process-identity.ts'
import type { RuntimeService } from '#cri/cri.ts'
import { isNotFound } from '#cri/error.ts'
import { ContainerState, type PodSandbox, PodSandboxState } from '#cri/gen/runtime.gen.ts'
import { unmountBelow } from './mounts.ts'
import type { ContainerdPaths } from './paths.ts'
import { findShims, untilGone } from './running.ts'

/** The pod network, as far as it keeps something for a sandbox. */
export interface SandboxNetwork {
  /** Folder of the CNI plugins. */
  binFolder: string
  /** IDs of the sandboxes that addresses are kept for. */
  owners: () => Promise<string[]>
  release: (ids: readonly string[], signal: AbortSignal) => Promise<void>
}

/**
 * What was there when containerd had ended. Killed in the middle of a request, it forgets what it had not written down yet: nobody would
 * ever end such a shim, or give such an address back.
 */
export interface Traces {
  shims: { sandboxID: string; identity: ProcessIdentity }[]
  /** IDs in the folders of the low-level runtime and of shims. */
  tasks: string[]
  /** Paths. */
  networkNamespaces: string[]
  /** IDs of the sandboxes that addresses are kept for. */
  addressOwners: string[]
}

/** containerd's name for what Kubernetes runs. */
const namespace = 'k8s.io'
const pluginMsMax = 2_000

const tasksFolder = (paths: ContainerdPaths) => join(paths.state, 'io.containerd.runtime.v2.task', namespace)
const runtimeFolder = (paths: ContainerdPaths) => join(paths.runtimeState, namespace)

/** Ends the programs that a killed containerd had just started: what they make must not appear after we have looked. */
export async function endHelpers(
  { paths, network, clock }: { paths: ContainerdPaths; network: SandboxNetwork | undefined; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const starting = await findProcesses(
    args => args[0]?.includes('containerd-shim') === true && args.includes(paths.socket) && args.includes('start'),
  )
  for (const pid of starting) kill(pid)
  if (network === undefined) return
  const plugins = await findProcesses(args => args[0]?.startsWith(`${network.binFolder}/`) === true)
  const identities = await Promise.all(plugins.map(async pid => ((await isPluginOf(paths, pid)) ? identifyProcess(pid) : undefined)))
  // They take some milliseconds; a killed one would leave half of a network.
  using _ = clock.after(pluginMsMax, () => identities.forEach(identity => identity !== undefined && kill(identity.pid)))
  for (const identity of identities) if (identity !== undefined) await untilGone(identity, clock, signal)
}

async function isPluginOf(paths: ContainerdPaths, pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).includes(`CNI_NETNS=${paths.state}/`)
}

/** Looks at what is there while no containerd runs; undefined when that is nothing. */
export async function findTraces(paths: ContainerdPaths, network: SandboxNetwork | undefined): Promise<Traces | undefined> {
  const [shims, tasks, namespaceFolders, addressOwners] = await Promise.all([
    findShims(paths),
    Promise.all([tasksFolder(paths), runtimeFolder(paths)].map(namesIn)),
    namesIn(paths.state).then(names => names.map(name => join(paths.state, name, 'netns'))),
    network?.owners() ?? [],
  ])
  const networkNamespaces = await Promise.all(namespaceFolders.map(async folder => (await namesIn(folder)).map(name => join(folder, name))))
  const traces: Traces = {
    shims: (await Promise.all(shims.map(describeShim))).flat(),
    tasks: [...new Set(tasks.flat())],
    networkNamespaces: networkNamespaces.flat(),
    addressOwners,
  }
  return Object.values(traces).every(list => (list as unknown[]).length === 0) ? undefined : traces
}

async function describeShim(pid: number): Promise<Traces['shims']> {
  const args = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const [sandboxID, identity] = [args[args.indexOf('-id') + 1], identifyProcess(pid)]
  return sandboxID === undefined || identity === undefined ? [] : [{ sandboxID, identity }]
}

/** What the runtime says of itself after it has read its records again. */
export interface RuntimeView {
  /** IDs of sandboxes and of containers. */
  sandboxes: ReadonlySet<string>
  containers: ReadonlySet<string>
  /** IDs of containers that have ended, and the sandbox of each. */
  ended: ReadonlyMap<string, string>
  /** IDs of sandboxes in which something runs. */
  busy: ReadonlySet<string>
  /** Paths of the network namespaces of sandboxes; undefined when it does not say so of each. */
  networkNamespaces: ReadonlySet<string> | undefined
}

/** Which of the traces belong to nothing that the runtime knows. */
export function leaksAmong(traces: Traces, view: RuntimeView): Traces {
  const isKnown = (id: string) => view.sandboxes.has(id) || view.containers.has(id)
  // A sandbox that is known but not ready has no task that its shim could be needed for.
  const shims = traces.shims.filter(({ sandboxID }) => !view.busy.has(sandboxID))
  const withoutShim = new Set(shims.map(({ sandboxID }) => sandboxID))
  return {
    shims,
    // One that has ended has no task: a start that was cancelled in the middle has left it.
    tasks: traces.tasks.filter(id => !isKnown(id) || withoutShim.has(id) || view.ended.has(id)),
    networkNamespaces: traces.networkNamespaces.filter(path => view.networkNamespaces?.has(path) === false),
    addressOwners: traces.addressOwners.filter(id => !view.sandboxes.has(id)),
  }
}

/** Shims that go on with a task which nobody will ever delete: they do not end with their sandbox. */
export function shimsLeftBehind(traces: Traces, leaks: Traces, view: RuntimeView): Traces['shims'] {
  const sandboxes = new Set(leaks.tasks.map(id => view.ended.get(id)))
  return traces.shims.filter(({ sandboxID }) => sandboxes.has(sandboxID) && view.busy.has(sandboxID))
}

export async function viewRuntime(runtime: RuntimeService, signal: AbortSignal): Promise<RuntimeView> {
  const [sandboxes, { containers }] = await Promise.all([runtime.listPodSandbox({}, signal), runtime.listContainers({}, signal)])
  const ready = sandboxes.items.filter(({ state }) => state === PodSandboxState.SANDBOX_READY).map(({ id }) => id)
  // A container of unknown state may run.
  const active = containers.filter(({ state }) => state !== ContainerState.CONTAINER_EXITED && state !== ContainerState.CONTAINER_CREATED)
  const paths = await Promise.all(sandboxes.items.map(sandbox => networkNamespaceOf(runtime, sandbox, signal)))
  return {
    sandboxes: new Set(sandboxes.items.map(({ id }) => id)),
    containers: new Set(containers.map(({ id }) => id)),
    ended: new Map(
      containers.filter(({ state }) => state === ContainerState.CONTAINER_EXITED).map(({ id, podSandboxId }) => [id, podSandboxId]),
    ),
    busy: new Set([...ready, ...active.map(({ podSandboxId }) => podSandboxId)]),
    networkNamespaces: paths.includes(undefined) ? undefined : new Set(paths.filter(path => path !== undefined)),
  }
}

/** '' for a sandbox on the machine's network; undefined when the runtime does not say. */
async function networkNamespaceOf(runtime: RuntimeService, { id }: PodSandbox, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { info } = await runtime.podSandboxStatus({ podSandboxId: id, verbose: true }, signal)
    return parseNetworkNamespace(info['info'])
  } catch (error) {
    // Removed since it was listed.
    if (isNotFound(error)) return ''
    throw error
  }
}

/** @param info containerd's own description of a sandbox, as JSON */
export function parseNetworkNamespace(info: string | undefined): string | undefined {
  try {
    const { runtimeSpec } = JSON.parse(info ?? '') as { runtimeSpec?: { linux?: { namespaces?: { type: string; path?: string }[] } } }
    const namespaces = runtimeSpec?.linux?.namespaces
    return namespaces === undefined ? undefined : (namespaces.find(({ type }) => type === 'network')?.path ?? '')
  } catch {
    return undefined
  }
}

export interface RemoveLeaksOptions {
  paths: ContainerdPaths
  /** The low-level runtime. */
  runc: string
  network: SandboxNetwork | undefined
  clock: Clock
}

export async function removeLeaks(leaks: Traces, { paths, runc, network, clock }: RemoveLeaksOptions, signal: AbortSignal): Promise<void> {
  for (const { identity } of leaks.shims) await endShim(identity, clock, signal)
  for (const id of leaks.tasks) {
    await run(runc, ['--root', runtimeFolder(paths), 'delete', '--force', id], { signal })
    const bundle = join(tasksFolder(paths), id)
    await unmountBelow([bundle], signal)
    await rm(bundle, { recursive: true, force: true })
  }
  for (const path of leaks.networkNamespaces) {
    await unmountBelow([path], signal)
    await rm(path, { force: true })
  }
  if (leaks.addressOwners.length > 0) await network?.release(leaks.addressOwners, signal)
}

/** Ends a shim and everything that it has started; its socket, which lies in a folder of the whole machine, goes too. */
export async function endShim(identity: ProcessIdentity, clock: Clock, signal: AbortSignal): Promise<void> {
  if (!isRunning(identity)) return
  const sockets = await socketsOf(identity.pid)
  const family = [identity.pid, ...(await descendantsOf(identity.pid))].map(identifyProcess).filter(each => each !== undefined)
  for (const { pid } of family) kill(pid)
  for (const each of family) await untilGone(each, clock, signal)
  for (const path of sockets) await rm(path, { force: true })
}

async function descendantsOf(pid: number): Promise<number[]> {
  const children = new Map<number, number[]>()
  for (const name of await namesIn('/proc')) {
    const stat = /^\d+$/.test(name) ? await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '') : ''
    // The program's name stands in parentheses and may contain anything.
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (each: number): number[] => (children.get(each) ?? []).flatMap(child => [child, ...below(child)])
  return below(pid)
}

/** The sockets with a name that a process listens on. */
async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all((await namesIn(folder)).map(name => readlink(join(folder, name)).catch(() => '')))
  const inodes = new Set(links.map(link => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const lines = (await readFile('/proc/net/unix', 'utf8')).split('\n').map(line => line.trim().split(/\s+/))
  return lines.flatMap(([, , , , , , inode, path]) =>
    inodes.has(inode ?? '') && path?.startsWith('/run/containerd/s/') === true ? [path] : [],
  )
}

/** Of the machine's pods nobody is left who knows of these: everything goes. */
export async function removeEverything(options: RemoveLeaksOptions, signal: AbortSignal): Promise<void> {
  await endHelpers(options, signal)
  const traces = await findTraces(options.paths, options.network)
  if (traces !== undefined) await removeLeaks(traces, options, signal)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
