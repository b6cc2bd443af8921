import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { findProcesses } from '#base/find-processes.ts'
import type { ClusterFolder } from '#cluster/cluster-folder.ts'

/** Exit codes after which the server is not started again: a polite end, and a first start that failed, which somebody was told. */
export const serverExit = { stopped: 0, failed: 1, cannotStart: 78 } as const

/** File descriptor on which a server that starts reports its progress, one JSON value a line. */
export const progressDescriptor = 3

const supervisorName = 'cox-supervisor'

/**
 * Starts the server again when it dies; a shell costs a hundredth of the memory of another Node. A server that was killed comes back at
 * once; the growing pause keeps one that fails by itself from spinning.
 */
export const supervisorScript = `pause=1
while :; do
  "$@" && exit 0
  code=$?
  [ $code -eq ${serverExit.cannotStart} ] && exit $code
  if [ $code -ge 128 ]; then
    pause=1
  else
    sleep $pause
    [ $pause -lt 16 ] && pause=$((pause * 2))
  fi
done`

/** Starts `cox serve` with the arguments in the background, kept alive; returns the stream of its progress lines. */
export function startSupervisor(folder: ClusterFolder, args: readonly string[]): Readable {
  mkdirSync(dirname(folder.log), { recursive: true, mode: 0o700 })
  const log = openSync(folder.log, 'a', 0o600)
  const command = [process.execPath, ...process.execArgv, process.argv[1]!, 'serve', '--data-dir', folder.data, ...args]
  const child = spawn('/bin/sh', ['-c', supervisorScript, supervisorName, ...command], {
    // A session of its own: its process group is the supervisor, the server and the programs that the server runs, and nothing else.
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
    cwd: '/',
  })
  closeSync(log)
  child.unref()
  return child.stdio[progressDescriptor] as Readable
}

/**
 * Ends the supervisors of the cluster and asks their servers to stop, also those that have only begun to start; false when there was
 * none. They are found by their command line: a file could be missing, or tell of another process.
 */
export async function stopSupervisor(folder: ClusterFolder): Promise<boolean> {
  const pids = await findProcesses(args => args[3] === supervisorName && args[args.indexOf('--data-dir') + 1] === folder.data)
  for (const pid of pids) {
    try {
      process.kill(-pid, 'SIGTERM')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  return pids.length > 0
}
