import type { Readable, Writable } from 'node:stream'
import { AsyncQueue } from '#base/async-queue.ts'
import type { ExecStreams } from '../cri.ts'
import { CRIError } from '../error.ts'
import { busybox, missingProgram } from './busybox.ts'
import type { Container } from './container.ts'
import type { ExecAnswerScript, ExecContext, ExecFunction, Output } from './image.ts'
import { StopSignal } from './image.ts'
import type { SimulatedNode } from './node.ts'
import { isReady } from './ports.ts'
import { liveOf, type ProgramStreams, programContext } from './program.ts'
import { Shell } from './shell/shell.ts'
import { exitCodeOfSignal } from './signals.ts'
import { sleepFor, untilAborted } from './sleep.ts'
import { Terminal } from './terminal.ts'

interface ExecRun extends ProgramStreams {
  command: readonly string[]
  resizes: AsyncIterable<{ width: number; height: number }>
  terminal?: Terminal
  signal: AbortSignal
}

/** Runs a command in a container to its end. Resolves with the exit code. @throws CRIError when it cannot be run; `signal.reason` */
async function execute(node: SimulatedNode, container: Container, run: ExecRun): Promise<number> {
  run.signal.throwIfAborted()
  requireProgram(node, container, run.command)
  // The command ends with its container.
  const end = new AbortController()
  const onEnd = () => end.abort(new StopSignal('SIGKILL'))
  const onLeave = () => end.abort(run.signal.reason)
  const { onEnd: listeners } = liveOf(container)
  listeners.add(onEnd)
  if (run.terminal !== undefined) run.terminal.onInterrupt = () => end.abort(new StopSignal('SIGINT'))
  run.signal.addEventListener('abort', onLeave, { once: true })
  try {
    return (await untilAborted(Promise.resolve(call(node, container, run, end.signal)), end.signal)) ?? 0
  } catch (error) {
    if (error instanceof StopSignal) return exitCodeOfSignal(error.signal)
    if (end.signal.aborted || error instanceof CRIError) throw error
    await run.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  } finally {
    listeners.delete(onEnd)
    run.signal.removeEventListener('abort', onLeave)
  }
}

function requireRunning(container: Container, doing = ''): void {
  if (!container.isRunning) throw new CRIError('Unknown', `${doing}container is in ${container.stateName} state`)
}

function requireProgram(node: SimulatedNode, container: Container, command: readonly string[]): void {
  const missing = container.image.script === busybox ? missingProgram(command) : undefined
  if (missing !== undefined)
    throw new CRIError(
      'Unknown',
      `failed to exec in container: failed to start exec "${node.newID()}": OCI runtime exec failed: exec failed: unable to start container process: ${missing}: unknown`,
    )
}

async function call(node: SimulatedNode, container: Container, run: ExecRun, signal: AbortSignal): Promise<number | void> {
  const { clock } = node.environment
  const sleep = (ms: number) => sleepFor(clock, ms, signal)
  const program = programContext(node, container, { command: run.command, streams: run, sleep })
  const isStrict = container.image.script === busybox
  const builtin = async (): Promise<number> => {
    const { env, hostname, files } = program
    const shell = new Shell({ env, hostname, files, lenient: !isStrict, terminal: run.terminal, now: () => clock.now(), sleep })
    return shell.run(run.command, run)
  }
  if (!isReady(container, clock)) {
    await run.stderr.write('not ready\n')
    return 1
  }
  const context: ExecContext = { ...program, signal, resizes: run.resizes, builtin }
  const handler = handlerOf(container, run.command)
  return handler === undefined ? builtin() : answer(handler, context)
}

function handlerOf({ image }: Container, command: readonly string[]): ExecAnswerScript | undefined {
  const { exec } = image.script
  if (exec === undefined || typeof exec === 'function') return exec
  const names = [command.join(' '), command[0] ?? '', '*']
  const name = names.find(each => Object.hasOwn(exec, each))
  return name === undefined ? undefined : exec[name]
}

async function answer(script: ExecAnswerScript, context: ExecContext): Promise<number | void> {
  if (typeof script === 'function') return (script as ExecFunction)(context)
  if (typeof script === 'number') return script
  const { stdout = '', stderr = '', exitCode = 0, afterMs = 0 } = typeof script === 'string' ? { stdout: script } : script
  if (afterMs > 0) await context.sleep(afterMs)
  if (stdout !== '') await context.stdout.write(stdout)
  if (stderr !== '') await context.stderr.write(stderr)
  return exitCode
}

/** Runs a command without input, as probes and hooks do. @throws CRIError DeadlineExceeded after `timeoutMs` (0: no limit) */
export async function executeSync(
  node: SimulatedNode,
  container: Container,
  { command, timeoutMs }: { command: readonly string[]; timeoutMs: number },
  signal: AbortSignal,
): Promise<{ exitCode: number; stdout: Uint8Array; stderr: Uint8Array }> {
  requireRunning(container, 'failed to exec in container: ')
  const stdout = new Collected()
  const stderr = new Collected()
  const deadline = new AbortController()
  const onLeave = () => deadline.abort(signal.reason)
  const late = () =>
    deadline.abort(
      new CRIError('DeadlineExceeded', `failed to exec in container: timeout ${timeoutMs / 1_000}s exceeded: context deadline exceeded`),
    )
  const timer = timeoutMs > 0 ? node.environment.clock.after(timeoutMs, late) : undefined
  signal.addEventListener('abort', onLeave, { once: true })
  try {
    const run = { command, stdin: nobody(), stdout, stderr, resizes: nobody(), signal: deadline.signal }
    const exitCode = await node.wait(execute(node, container, run), signal)
    return { exitCode, stdout: stdout.bytes, stderr: stderr.bytes }
  } finally {
    timer?.cancel()
    signal.removeEventListener('abort', onLeave)
    deadline.abort(new Error('the call has ended'))
  }
}

/** Runs a command on a caller's streams. */
export async function executeOn(
  node: SimulatedNode,
  container: Container,
  { command, tty }: { command: readonly string[]; tty: boolean },
  streams: ExecStreams,
): Promise<number> {
  requireRunning(container)
  const { stdin, resizes, signal } = streams
  if (tty) {
    const terminal = new Terminal(outputTo(streams.stdout))
    if (stdin !== undefined) feedTerminal(stdin, terminal, true).catch(() => undefined)
    const { input, output } = terminal
    return execute(node, container, { command, stdin: input, stdout: output, stderr: output, terminal, resizes, signal })
  }
  return execute(node, container, {
    command,
    stdin: stdin ?? nobody(),
    stdout: outputTo(streams.stdout),
    stderr: outputTo(streams.stderr),
    resizes,
    signal,
  })
}

/** Joins a caller's streams to the container's. Resolves when the container ends or the caller leaves. */
export async function attachTo(container: Container, streams: ExecStreams): Promise<void> {
  requireRunning(container)
  const { stdin, stdout, stderr, signal } = streams
  const live = liveOf(container)
  const attached = { stdout, stderr: stderr ?? stdout }
  live.attached ??= new Set()
  live.attached.add(attached)
  const { promise, resolve } = Promise.withResolvers<void>()
  live.onEnd.add(resolve)
  signal.addEventListener('abort', () => resolve(), { once: true })
  if (stdin !== undefined) {
    const { terminal } = live
    const fed = terminal === undefined ? feed(stdin, live.stdin, container.stdinOnce) : feedTerminal(stdin, terminal, container.stdinOnce)
    fed.catch(() => undefined)
  }
  await promise
  live.attached.delete(attached)
  live.onEnd.delete(resolve)
}

async function feed(source: Readable, target: AsyncQueue<Uint8Array> | undefined, once: boolean): Promise<void> {
  for await (const part of source) target?.push(part as Uint8Array)
  if (once) target?.close()
}

async function feedTerminal(source: Readable, terminal: Terminal, once: boolean): Promise<void> {
  try {
    await terminal.take(source)
  } finally {
    if (once) terminal.close()
  }
}

function outputTo(stream: Writable | undefined): Output {
  return {
    write: data =>
      new Promise(resolve => {
        if (stream === undefined || stream.destroyed || stream.writableEnded || stream.write(data)) resolve()
        else {
          const done = () => {
            stream.off('drain', done)
            stream.off('close', done)
            resolve()
          }
          stream.on('drain', done)
          stream.on('close', done)
        }
      }),
  }
}

class Collected implements Output {
  readonly #parts: Uint8Array[] = []

  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts)
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#parts.push(Buffer.from(data))
  }
}

async function* nobody(): AsyncGenerator<never> {}
