import { readFileSync } from 'node:fs'

/** One run of a program. A process ID alone is used again after its process ended; together with the start time and the boot it is not. */
export interface ProcessIdentity {
  pid: number
  /** Clock ticks between the machine's boot and the start of the process. */
  startTicks: string
  bootID: string
}

/** The identity of a running process; undefined when there is none with that ID, or only its exit code is left. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The program's name stands in parentheses and may contain anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, startTicks] = [fields[0], fields[19]]
    if (startTicks === undefined || state === 'Z' || state === 'X') return undefined
    return { pid, startTicks, bootID: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() }
  } catch {
    return undefined
  }
}

export function isRunning(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid)
  return now !== undefined && now.startTicks === identity.startTicks && now.bootID === identity.bootID
}

/** Reads what `JSON.stringify` of an identity wrote; undefined for anything else. */
export function parseProcessIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startTicks, bootID } = JSON.parse(text) as Partial<ProcessIdentity>
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 2) return undefined
    if (typeof startTicks !== 'string' || typeof bootID !== 'string') return undefined
    return { pid, startTicks, bootID }
  } catch {
    return undefined
  }
}
