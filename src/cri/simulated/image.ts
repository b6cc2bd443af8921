import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { CRIError } from '../error.ts'

/**
 * What an image does when a container runs it: a function, or a script that describes it. An image that nobody defined behaves like the
 * empty script: it starts at once, is ready, answers every port and HTTP path, and exits with 0 when it is asked to stop.
 */
export type SimulatedImage = ImageFunction | ImageScript

/**
 * The program of a container. What it returns is the exit code (nothing: 0); what it throws goes to stderr and makes the code 1, except
 * `context.signal.reason`, which means that the signal ended it (143 for SIGTERM). A function that is still busy when the grace period is
 * over counts as killed: nobody listens to it any more.
 */
export type ImageFunction = (context: ContainerContext) => number | void | Promise<number | void>

/** Times are milliseconds after the start of the container. */
export interface ImageScript {
  /** How long StartContainer takes. */
  startMs?: number
  /** Before this nothing listens and commands in it fail: probes say not ready. */
  readyAfterMs?: number
  /** The container ends by itself. Missing: it runs until it is stopped. */
  exitAfterMs?: number
  /** Of a container that ends by itself; 0, for a crash 1. */
  exitCode?: number
  /** The first so many instances end after `exitAfterMs` (missing: at once) with `exitCode`; those after them run until they are stopped. */
  crash?: number
  /** Why the program cannot be started (undefined: it can): StartContainer fails with it. */
  startError?: string | ((command: readonly string[]) => string | undefined)
  /** The program, for images that need other fields beside it. It decides alone when the container ends. */
  run?: ImageFunction
  /** Cores in use: `0.25`, or `'250m'`. */
  cpu?: number | string
  /** Bytes in use, or text such as `'64Mi'`. More than the container's limit: it is killed. */
  memory?: number | string
  logs?: readonly (string | LogLine)[]
  /** Answers by path; the path `*` stands for all others, which are 404 without it. Missing: everything is answered with 200. */
  http?: Readonly<Record<string, HTTPAnswerScript>>
  /** Ports that are open. Missing: all. */
  ports?: readonly number[]
  /** From the stop signal to the end. `Infinity`: it ignores the signal. */
  stopMs?: number
  /** Of a container that was asked to stop. */
  stopExitCode?: number
  /** Written to the termination log when the container ends by itself. */
  terminationMessage?: string
  /** Commands run in it: by the whole command line, its first word, or `*`; or a function for all. Missing: built-in ones. */
  exec?: ExecFunction | Readonly<Record<string, ExecAnswerScript>>
}

export interface LogLine {
  text: string
  stream?: 'stdout' | 'stderr'
  afterMs?: number
  /** Repeats the line as long as the container runs. Costs a timer. */
  everyMs?: number
}

/** A body (with status 200), a status, both, or a function. */
export type HTTPAnswerScript = string | number | HTTPAnswer | HTTPHandler

export interface HTTPAnswer {
  status?: number
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /** The answer takes this long. */
  delayMs?: number
}

export interface HTTPQuestion {
  method: string
  /** With the query. */
  path: string
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
  body: Uint8Array
  port: number
}

export type HTTPHandler = (request: HTTPQuestion) => string | number | HTTPAnswer | Promise<string | number | HTTPAnswer>

/** What a command writes (exit code 0), an exit code, both, or a function. */
export type ExecAnswerScript = string | number | { stdout?: string; stderr?: string; exitCode?: number; afterMs?: number } | ExecFunction

export type ExecFunction = (context: ExecContext) => number | void | Promise<number | void>

export interface Output {
  /** Resolves when the reader wants more. Text is written as UTF-8; nothing is added to it. */
  write(data: string | Uint8Array): Promise<void>
}

/** What every program of a container sees. */
export interface ProgramContext {
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly hostname: string
  readonly pod: { readonly name: string; readonly namespace: string; readonly uid: string; readonly ip: string }
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
  readonly files: ContainerFiles
  readonly clock: Clock
  /** Sleeps on the cluster's clock; rejects with `signal.reason`. */
  sleep(ms: number): Promise<void>
}

export interface ContainerContext extends ProgramContext {
  readonly containerID: string
  readonly name: string
  /** How often the container was started before in this pod. */
  readonly attempt: number
  /** `args` of the container; `command` has only the entry point when one is given. */
  readonly args: readonly string[]
  /** Where somebody types, for a container with `stdin` and `tty`: its Ctrl-C. */
  readonly terminal: { onInterrupt: () => void } | undefined
  readonly random: Random
  /** Aborted with a StopSignal when the container is asked to stop or is killed. */
  readonly signal: AbortSignal
  /** Aborted when the container is killed; nothing it does counts from then on. */
  readonly killed: AbortSignal
  untilStopped(): Promise<void>
  /** Answers HTTP on a port from now on. */
  http(port: number, handler: HTTPHandler): void
  /** Takes connections on a port from now on. */
  listen(port: number, onConnection: (connection: Duplex) => void): void
  /** Bytes in use from now on; more than the limit ends the container with OOMKilled. */
  useMemory(bytes: number): void
  /** Cores in use from now on. */
  useCPU(cores: number): void
}

export interface ExecContext extends ProgramContext {
  /** Aborted when the caller or the container is gone. */
  readonly signal: AbortSignal
  /** Sizes of the caller's terminal. */
  readonly resizes: AsyncIterable<{ width: number; height: number }>
  /** Runs the command as an image without handlers would. */
  builtin(): Promise<number>
}

/** Files as a container sees them: its mounts, and a layer of its own in memory that goes with it. */
export interface ContainerFiles {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Uint8Array | undefined>
  write(path: string, content: string | Uint8Array, options?: { append?: boolean }): Promise<void>
  /** Names in a folder; empty when there is none. */
  list(path: string): Promise<string[]>
  /** Whether there was one. */
  remove(path: string): Promise<boolean>
}

/** Why a program ends. */
export class StopSignal extends Error {
  override readonly name = 'StopSignal'
  /** `SIGTERM`, `SIGKILL`, … */
  readonly signal: string

  constructor(signal: string) {
    super(`stopped by ${signal}`)
    this.signal = signal
  }
}

/** Why an image cannot be pulled: what registries say, the registry that does not answer, or what the runtime says. */
export type PullError = 'not found' | 'unauthorized' | 'unreachable' | CRIError

/** What the registry knows of an image beside what it does. */
export interface ImageOptions {
  /** Made from the name when missing. */
  digest?: string
  sizeBytes?: number
  /** How long a pull takes. */
  pullMs?: number
  /** Every pull fails. */
  pullError?: PullError
  /** A pull without them is unauthorized. */
  credentials?: { username: string; password: string }
  /** The user of the image: a number, or a name. */
  user?: number | string
}
