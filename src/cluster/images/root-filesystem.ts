import tar from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { packageTar } from './debian-packages.ts'
import type { LayerEntry } from './oci-image.ts'

/** Top folders whose contents lie below /usr on a merged system. */
const mergedFolders = ['bin', 'sbin', 'lib', 'lib64']
/** What no container reads. */
const unwanted = [
  /^usr\/share\/(bash-completion|bug|doc|doc-base|info|initramfs-tools|lintian|locale|man|menu|perl5|pixmaps|ufw|vim)\//,
  /^usr\/lib\/[^/]+\/gconv\//,
  /^(etc\/(apparmor\.d|cron\.\w+|init\.d|logrotate\.d|systemd|ufw)|lib\/(init|systemd|udev)|usr\/lib\/(init|systemd|udev))\//,
]

/**
 * Folders at the top with a link for each thing in their namesake below /usr: so the top looks as in the images that tutorials print
 * (`lib/`, not `lib@`), whether the packages come from a merged system or not.
 */
export function topFolders(entries: Iterable<LayerEntry>): LayerEntry[] {
  const below = [...entries].flatMap(({ path }) => {
    const [, folder, name] = /^usr\/(bin|sbin|lib|lib64)\/([^/]+)$/.exec(path) ?? []
    return folder === undefined ? [] : [{ path: `${folder}/${name}`, link: `../usr/${folder}/${name}` }]
  })
  return [...mergedFolders.map(path => ({ path })), ...below]
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
