import type { Logger } from '#base/log.ts'
import type { Cgroups } from '../cgroups/cgroups.ts'
import type { HostFiles } from '../host/host-files.ts'
import { podDirectory } from './step-context.ts'

export interface LeftoversOptions {
  files: Pick<HostFiles, 'list' | 'remove'>
  cgroups: Pick<Cgroups, 'podUIDs' | 'removePod'>
  unmount: (uid: string, signal: AbortSignal) => Promise<void>
  rootDirectory: string
  podLogsDirectory: string
  /** Whether a pod is still looked after. */
  isKnown: (uid: string) => boolean
  log: Logger
}

/** Removes mounts, folders, logs and cgroups of pods that went away while we were not there, or of which a crash left something. */
export async function removeLeftovers(options: LeftoversOptions, signal: AbortSignal): Promise<void> {
  const { files, cgroups, rootDirectory, podLogsDirectory, isKnown, log } = options
  const logFolders = Map.groupBy(await files.list(podLogsDirectory), uidOfLogs)
  const uids = new Set([
    ...(await files.list(`${rootDirectory}/pods`)),
    ...(await files.list(`${rootDirectory}/memory`)),
    ...(await cgroups.podUIDs()),
    ...logFolders.keys(),
  ])
  for (const uid of uids) {
    if (isKnown(uid)) continue
    try {
      await options.unmount(uid, signal)
      await files.remove(podDirectory(options, uid))
      for (const name of logFolders.get(uid) ?? []) await files.remove(`${podLogsDirectory}/${name}`)
      for (const qos of ['Guaranteed', 'Burstable', 'BestEffort'] as const) await cgroups.removePod(uid, qos)
    } catch (error) {
      signal.throwIfAborted()
      log.warn('cannot remove what is left of a pod', { pod: uid, error })
    }
  }
}

/** `namespace_name_uid`; none of them contains an underscore. */
function uidOfLogs(folder: string): string {
  return folder.slice(folder.lastIndexOf('_') + 1)
}
