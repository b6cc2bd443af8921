import type { Duplex } from 'node:stream'
import { AsyncQueue } from '#base/async-queue.ts'
import type { Container } from './container.ts'
import { type ContainerContext, type HTTPHandler, type ImageFunction, type Output, StopSignal } from './image.ts'
import { endContainer, exited } from './container-end.ts'
import { writeOutput } from './container-output.ts'
import { checkMemory } from './memory-limit.ts'
import type { Process } from './live.ts'
import { answerOf, type PortListener } from './network.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf, programContext } from './program.ts'
import { exitCodeOfSignal } from './signals.ts'
import { sleepFor } from './sleep.ts'
import { Terminal } from './terminal.ts'

/** Calls the function that an image is. The container ends when it is done. */
export function startFunction(node: SimulatedNode, container: Container, run: ImageFunction): void {
  const process = new FunctionProcess()
  liveOf(container).process = process
  const context = contextOf(node, container, process)
  const fail = (error: unknown) => {
    if (error instanceof StopSignal) end(node, container, process, exitCodeOfSignal(error.signal))
    else {
      writeOutput(node, container, 'stderr', `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      end(node, container, process, 1)
    }
  }
  // One that fails at once has ended before anybody looks, as a program that cannot go on: nobody sees it run.
  try {
    const outcome = run(context)
    if (isPromise(outcome)) outcome.then(code => end(node, container, process, code), fail)
    else end(node, container, process, outcome)
  } catch (error) {
    fail(error)
  }
}

/** Test runners may have a `Promise` of their own. */
function isPromise(outcome: ReturnType<ImageFunction>): outcome is Promise<number | void> {
  return typeof (outcome as Promise<number | void> | undefined)?.then === 'function'
}

function end(node: SimulatedNode, container: Container, process: FunctionProcess, code: number | void): void {
  // An instance that was killed long ago must not end what runs now.
  if (container.live?.process !== process) return
  const isCode = code === undefined || Number.isInteger(code)
  if (!isCode) writeOutput(node, container, 'stderr', `the function of the image answered ${JSON.stringify(code)}, which is no exit code\n`)
  endContainer(node, container, exited(isCode ? (code ?? 0) & 255 : 1))
}

class FunctionProcess implements Process {
  readonly stopped = new AbortController()
  readonly killed = new AbortController()

  stop(signal: string): void {
    this.stopped.abort(new StopSignal(signal))
  }

  dispose(): void {
    const reason = new StopSignal('SIGKILL')
    this.killed.abort(reason)
    this.stopped.abort(reason)
  }
}

function contextOf(node: SimulatedNode, container: Container, process: FunctionProcess): ContainerContext {
  const live = liveOf(container)
  const output = (stream: 'stdout' | 'stderr'): Output => ({
    write: async data => {
      if (!process.killed.signal.aborted) writeOutput(node, container, stream, data)
    },
  })
  if (container.stdin && container.tty) live.terminal = new Terminal(output('stdout'))
  else if (container.stdin) live.stdin = new AsyncQueue()
  const { terminal } = live
  const streams =
    terminal === undefined
      ? { stdin: live.stdin ?? empty(), stdout: output('stdout'), stderr: output('stderr') }
      : { stdin: terminal.input, stdout: terminal.output, stderr: terminal.output }
  const { clock } = node.environment
  const { signal } = process.stopped
  const listen = (port: number, listener: PortListener) => {
    if (process.killed.signal.aborted) return
    live.ports ??= new Map()
    live.ports.set(port, listener)
  }
  return {
    ...programContext(node, container, { command: container.command, streams, sleep: ms => sleepFor(clock, ms, signal) }),
    containerID: container.id,
    name: container.name,
    attempt: container.attempt,
    args: container.args,
    terminal,
    random: node.options.random,
    signal,
    killed: process.killed.signal,
    untilStopped: () => untilAborted(signal),
    http: (port, handler: HTTPHandler) => listen(port, { http: request => answerOf(handler, request) }),
    listen: (port, onConnection) => listen(port, { connection: connection => accept(container, connection, onConnection) }),
    useMemory: bytes => {
      live.memoryBytes = bytes
      if (container.live === live) checkMemory(node, container)
    },
    useCPU: cores => {
      live.cores = cores
    },
  }
}

function accept(container: Container, connection: Duplex, onConnection: (connection: Duplex) => void): void {
  const { live } = container
  if (live === undefined) {
    connection.destroy()
    return
  }
  live.connections ??= new Set()
  const open = live.connections
  open.add(connection)
  connection.on('close', () => open.delete(connection))
  onConnection(connection)
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

async function* empty(): AsyncGenerator<Uint8Array> {}
