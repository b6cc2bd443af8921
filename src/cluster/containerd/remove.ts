import { existsSync } from 'node:fs'
import { readdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { findProgram } from '#base/process.ts'
import type { RuntimeService } from '#cri/cri.ts'
import { stopContainerd } from './containerd.ts'
import { removeEverything, type SandboxNetwork } from './leaks.ts'
import { unmountBelow } from './mounts.ts'
import { type ContainerdFolders, containerdPaths } from './paths.ts'

/** Sandboxes that are torn down at once; more bring nothing, the work is bound by the processor. */
const removeConcurrency = 4

/** Stops and removes every pod of the runtime by force. */
export async function removeAllPods(runtime: RuntimeService, signal: AbortSignal): Promise<void> {
  const { items } = await runtime.listPodSandbox({}, signal)
  const waiting = items.map(({ id }) => id)
  const removeNext = async (): Promise<void> => {
    for (let podSandboxId = waiting.pop(); podSandboxId !== undefined; podSandboxId = waiting.pop()) {
      await runtime.stopPodSandbox({ podSandboxId }, signal)
      await runtime.removePodSandbox({ podSandboxId }, signal)
    }
  }
  await Promise.all(Array.from({ length: removeConcurrency }, removeNext))
  // What a crash left without its sandbox.
  const { containers } = await runtime.listContainers({}, signal)
  for (const { id } of containers) await runtime.removeContainer({ containerId: id }, signal)
}

/**
 * Ends containerd and removes everything it made: images, snapshots, mounts, state, empty cgroups. The folders themselves go, too.
 * `removeAllPods` comes first; what is left then is what containerd has forgotten in a crash.
 */
export async function removeContainerd(
  options: ContainerdFolders & { clock: Clock; network?: SandboxNetwork },
  signal: AbortSignal,
): Promise<void> {
  const paths = containerdPaths(options)
  await stopContainerd(options, signal)
  const runc = findProgram('runc')
  if (runc !== undefined) await removeEverything({ paths, runc, network: options.network, clock: options.clock }, signal)
  await unmountBelow([paths.root, paths.state, paths.runtimeState], signal)
  await Promise.all(
    [paths.root, paths.config, paths.registries, paths.log, paths.versionCache, paths.state, paths.runtimeState].map(removeTree),
  )
  await removeEmpty([options.dataFolder, options.runFolder])
  // Shims keep their sockets in a folder that no configuration moves.
  await removeEmpty(['/run/containerd/s', '/run/containerd'])
  await removeEmpty(await cgroupFolders('k8s.io'))
}

/** Removes folders that are empty; the others, perhaps still used by somebody else, stay. */
async function removeEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => undefined)
}

function removeTree(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true })
}

/** The folders of a cgroup in every hierarchy of the machine. */
async function cgroupFolders(name: string): Promise<string[]> {
  const root = '/sys/fs/cgroup'
  const hierarchies = await readdir(root, { withFileTypes: true }).catch(() => [])
  const folders = hierarchies.filter(entry => entry.isDirectory()).map(entry => join(root, entry.name, name))
  return [join(root, name), ...folders].filter(folder => existsSync(folder) && dirname(folder) !== '/')
}
