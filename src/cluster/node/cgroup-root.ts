import { readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterFolder } from '../cluster-folder.ts'

const mount = '/sys/fs/cgroup'

/** The cgroup below which all pods of the cluster live, in every hierarchy. */
export function cgroupRoot({ id }: ClusterFolder): string {
  return `/coxswain-${id}`
}

/** Removes the cluster's cgroups, deepest first, wherever the machine mounts hierarchies. Nothing runs in them any more. */
export async function removeCgroups(folder: ClusterFolder): Promise<void> {
  const hierarchies = (await readdir(mount, { withFileTypes: true })).filter(entry => entry.isDirectory() && !entry.isSymbolicLink())
  const name = cgroupRoot(folder)
  for (const path of [join(mount, name), ...hierarchies.map(entry => join(mount, entry.name, name))]) await removeCgroup(path)
}

async function removeCgroup(path: string): Promise<void> {
  const children = await readdir(path, { withFileTypes: true }).catch(() => [])
  for (const child of children) if (child.isDirectory()) await removeCgroup(join(path, child.name))
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
