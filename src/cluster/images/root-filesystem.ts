import tar from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { packageTar } from './debian-packages.ts'
import type { LayerEntry } from './oci-image.ts'

/** Top folders that are links into /usr on a merged system. */
const mergedFolders = ['bin', 'sbin', 'lib', 'lib64']
/** What no container reads. */
const unwanted = [
  /^usr\/share\/(bash-completion|bug|doc|doc-base|info|initramfs-tools|lintian|locale|man|menu|perl5|pixmaps|ufw|vim)\//,
  /^usr\/lib\/[^/]+\/gconv\//,
  /^(etc\/(apparmor\.d|cron\.\w+|init\.d|logrotate\.d|systemd|ufw)|lib\/(init|systemd|udev)|usr\/lib\/(init|systemd|udev))\//,
]

/** The links that make the top of a file system look merged. */
export function mergedLinks(): LayerEntry[] {
  return mergedFolders.flatMap(folder => [{ path: `usr/${folder}` }, { path: folder, link: `usr/${folder}` }])
}

/** Where a path of a package lies in the image; undefined when it is left out. */
export function imagePath(packagePath: string): string | undefined {
  const path = packagePath.replace(/^\.\//, '').replace(/\/$/, '')
  if (path === '' || path === '.' || mergedFolders.includes(path)) return undefined
  if (unwanted.some(pattern => pattern.test(`${path}/`))) return undefined
  return mergedFolders.some(folder => path.startsWith(`${folder}/`)) ? `usr/${path}` : path
}

/** The files of packages, as entries of one layer. A folder that several packages have appears once. */
export async function packageEntries(archives: readonly string[], signal: AbortSignal): Promise<LayerEntry[]> {
  const entries = new Map<string, LayerEntry>()
  for (const archive of archives) {
    const extract = tar.extract()
    extract.end(await packageTar(archive, signal))
    for await (const entry of extract) {
      const { name, type, linkname, mode, uid, gid } = entry.header
      const content = await buffer(entry)
      const path = imagePath(name)
      if (path === undefined) continue
      const common = { path, uid: uid ?? 0, gid: gid ?? 0, mode: mode ?? 0o644 }
      if (type === 'symlink') entries.set(path, { path, link: linkname ?? '' })
      else if (type === 'link') entries.set(path, { path, link: `/${imagePath(linkname ?? '') ?? ''}` })
      else if (type === 'file') entries.set(path, { ...common, content })
      else if (type === 'directory' && !entries.has(path)) entries.set(path, common)
    }
  }
  return [...entries.values()]
}
