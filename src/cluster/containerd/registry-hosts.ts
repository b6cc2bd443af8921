import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Serves every registry that has no folder of its own. */
export const everyHost = '_default'

/** The `hosts.toml` that sends pulls to a mirror, and to nothing else: naming it as the server, too, keeps a miss from going to the real host. */
export function registryHosts(mirrorURL: string): string {
  const url = JSON.stringify(mirrorURL)
  return `server = ${url}\n\n[host.${url}]\n  capabilities = ["pull", "resolve"]\n`
}

/**
 * Sends the pulls of a registry (or of every one) to a mirror, or takes the mirror away. containerd reads the file at each pull, so
 * this works at any time.
 */
export async function setRegistryMirror(options: { folder: string; host: string; mirrorURL: string | undefined }): Promise<void> {
  const hostFolder = join(options.folder, options.host)
  if (options.mirrorURL === undefined) {
    await rm(hostFolder, { recursive: true, force: true })
    return
  }
  await mkdir(hostFolder, { recursive: true })
  await writeFile(join(hostFolder, 'hosts.toml'), registryHosts(options.mirrorURL))
}
