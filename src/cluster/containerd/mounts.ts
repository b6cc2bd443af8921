import { readFile } from 'node:fs/promises'
import { run } from '#base/process.ts'

/** The mount points at or below a folder in the text of /proc/self/mountinfo, in an order in which they can be unmounted. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  const points = mountinfo
    .split('\n')
    .map(line => line.split(' ')[4])
    .filter(field => field !== undefined)
    .map(decodeOctal)
    .filter(point => point === folder || point.startsWith(`${folder}/`))
  // What was mounted last lies on top.
  return points.reverse()
}

/** Unmounts everything at and below the folders. */
export async function unmountBelow(folders: readonly string[], signal: AbortSignal): Promise<void> {
  for (const folder of folders) {
    const points = mountsBelow(await readFile('/proc/self/mountinfo', 'utf8'), folder)
    if (points.length > 0) await run('umount', points, { signal })
  }
}

/** The kernel writes blanks and backslashes of a path as three octal digits. */
function decodeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
