import { spawn } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'

/** Where system programs lie. The caller's PATH is not asked: as root through `su` it often lacks the `sbin` folders. */
export const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

export interface RunOptions {
  /** Kills the program when aborted. */
  signal: AbortSignal
  /** What the program reads; without it, nothing. */
  input?: string | Uint8Array
  /** The whole environment of the program; without it, ours. */
  env?: Record<string, string>
  /** Folder that the program starts in. */
  folder?: string
}

/** A program that could not be started, or that ended with anything but exit code 0. */
export class ProcessError extends Error {
  override readonly name = 'ProcessError'
  readonly command: string
  /** Undefined when the program was not started or was killed. */
  readonly exitCode: number | undefined
  readonly stderr: string

  constructor(command: string, outcome: { exitCode?: number; stderr?: string; saw: string }, options?: ErrorOptions) {
    const stderr = outcome.stderr?.trim() ?? ''
    super(`cannot run "${command}": ${outcome.saw}${stderr === '' ? '' : `: ${stderr}`}`, options)
    this.command = command
    this.exitCode = outcome.exitCode
    this.stderr = stderr
  }
}

/** The path of a system program, or undefined. A name with a slash is taken as it is. */
export function findProgram(name: string, folders: readonly string[] = programFolders): string | undefined {
  const candidates = name.includes('/') ? [name] : folders.map(folder => join(folder, name))
  return candidates.find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Runs a system program to its end and resolves with what it wrote to stdout.
 * @throws ProcessError that carries stderr; `signal.reason` when aborted
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  return (await runBytes(command, args, options)).toString()
}

/** `run` for output that is not text. */
export function runBytes(command: string, args: readonly string[], options: RunOptions): Promise<Buffer> {
  const { signal, input, env, folder } = options
  const shown = [command, ...args].join(' ')
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const path = findProgram(command)
    if (path === undefined) {
      reject(new ProcessError(shown, { saw: `there is no program "${command}"` }))
      return
    }
    const child = spawn(path, args, { ...(env !== undefined && { env }), ...(folder !== undefined && { cwd: folder }) })
    const kill = () => child.kill('SIGKILL')
    signal.addEventListener('abort', kill, { once: true })
    const output: Buffer[] = []
    const errors: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk))
    child.on('error', cause => {
      signal.removeEventListener('abort', kill)
      reject(new ProcessError(shown, { saw: cause.message }, { cause }))
    })
    child.on('close', (code, killedBy) => {
      signal.removeEventListener('abort', kill)
      const stderr = Buffer.concat(errors).toString()
      if (signal.aborted) reject(signal.reason)
      else if (code === 0) resolve(Buffer.concat(output))
      else if (code === null) reject(new ProcessError(shown, { stderr, saw: `it was ended by ${killedBy}` }))
      else reject(new ProcessError(shown, { exitCode: code, stderr, saw: `exit code ${code}` }))
    })
    // A program may end without reading everything; its exit code tells more than our broken pipe.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
