import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { identifyProcess, isRunning, parseProcessIdentity } from '#base/process-identity.ts'
import type { ClusterFolder } from '#cluster/cluster-folder.ts'

/** Exit codes after which the server is not started again: a polite end, and a start that cannot succeed. */
export const serverExit = { stopped: 0, cannotStart: 78 } as const

/** File descriptor on which a server that starts reports its progress, one JSON value a line. */
export const progressDescriptor = 3

/** Starts the server again when it dies; a shell costs a hundredth of the memory of another Node. The pause keeps a server that dies at once from spinning. */
const script = `while :; do
  "$@" && exit 0
  code=$?
  [ $code -eq ${serverExit.cannotStart} ] && exit $code
  [ $code -lt 128 ] && sleep 1
done`

const pidFile = ({ run }: ClusterFolder) => join(run, 'supervisor.json')

/** Starts `cox serve` with the arguments in the background, kept alive; returns the stream of its progress lines. */
export function startSupervisor(folder: ClusterFolder, args: readonly string[]): Readable {
  mkdirSync(dirname(folder.log), { recursive: true, mode: 0o700 })
  mkdirSync(folder.run, { recursive: true, mode: 0o700 })
  const log = openSync(folder.log, 'a', 0o600)
  const command = [process.execPath, ...process.execArgv, join(import.meta.dirname, 'cox.ts'), 'serve', ...args]
  const child = spawn('/bin/sh', ['-c', script, 'cox-supervisor', ...command], {
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
    cwd: '/',
  })
  closeSync(log)
  child.unref()
  writeFileSync(pidFile(folder), JSON.stringify(identifyProcess(child.pid!)))
  return child.stdio[progressDescriptor] as Readable
}

/** Ends the supervisor of the cluster, so that a stopped server stays stopped; false when there was none. */
export function stopSupervisor(folder: ClusterFolder): boolean {
  let text: string
  try {
    text = readFileSync(pidFile(folder), 'utf8')
  } catch {
    return false
  }
  const identity = parseProcessIdentity(text)
  rmSync(pidFile(folder), { force: true })
  if (identity === undefined || !isRunning(identity)) return false
  process.kill(identity.pid, 'SIGKILL')
  return true
}
