import { lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Serves every registry that has no folder of its own. */
export const everyHost = '_default'
/** Where people describe the registries of their machine. */
const machineFolder = '/etc/containerd/certs.d'

/** The `hosts.toml` that sends pulls to a mirror, and to nothing else: naming it as the server, too, keeps a miss from going to the real host. */
export function registryHosts(mirrorURL: string): string {
  const url = JSON.stringify(mirrorURL)
  return `server = ${url}\n\n[host.${url}]\n  capabilities = ["pull", "resolve"]\n`
}

/**
 * Sends the pulls of a registry (or of every one) to a mirror, or takes the mirror away. containerd reads the file at each pull, so
 * this works at any time. Without a mirror for every host, the registries described in /etc/containerd/certs.d count.
 */
export async function setRegistryMirror(options: { folder: string; host: string; mirrorURL: string | undefined }): Promise<void> {
  const { folder, host, mirrorURL } = options
  const hostFolder = join(folder, host)
  await mkdir(folder, { recursive: true })
  if (mirrorURL === undefined) await rm(hostFolder, { recursive: true, force: true })
  else {
    // First the mirror: there must be no moment in which a pull goes elsewhere.
    await mkdir(hostFolder, { recursive: true })
    await writeFile(join(hostFolder, 'hosts.toml'), registryHosts(mirrorURL))
  }
  if (host === everyHost) await linkMachineHosts(folder, mirrorURL === undefined)
}

/** Shows containerd the machine's own registries in our folder, or hides them. */
async function linkMachineHosts(folder: string, shown: boolean): Promise<void> {
  for (const name of await readdir(folder)) if ((await lstat(join(folder, name))).isSymbolicLink()) await rm(join(folder, name))
  if (!shown) return
  const taken = new Set(await readdir(folder))
  const hosts = (await readdir(machineFolder).catch(() => [])).filter(name => !taken.has(name))
  for (const name of hosts) await symlink(join(machineFolder, name), join(folder, name))
}
