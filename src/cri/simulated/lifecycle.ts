import type { Due } from '#base/clock.ts'
import { CRIError } from '../error.ts'
import { ContainerState } from '../gen/runtime.gen.ts'
import type { Container } from './container.ts'
import { startFunction } from './function-process.ts'
import type { Live } from './live.ts'
import { LogWriter } from './log-writer.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'
import { resumeScript, type ScriptTask, startScript, stopScript } from './script-process.ts'
import { stopSignalName } from './signals.ts'

/** How a container ended. */
export interface End {
  exitCode: number
  reason: 'Completed' | 'Error' | 'OOMKilled' | 'Unknown'
}

export const killed: End = { exitCode: 137, reason: 'Error' }
export const outOfMemory: End = { exitCode: 137, reason: 'OOMKilled' }
/** The machine went down below it. */
export const lost: End = { exitCode: 255, reason: 'Unknown' }

export function exited(exitCode: number): End {
  return { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' }
}

/** Lets the program of a created container run. @throws CRIError when there is nothing to run; the container has then ended */
export function startProgram(node: SimulatedNode, container: Container): void {
  const failure = startErrorOf(container)
  if (failure !== undefined) throw failToStart(node, container, failure)
  container.state = ContainerState.CONTAINER_RUNNING
  container.startedMs = node.timestamp()
  if (container.logPath !== '' && !node.diskFull) node.environment.logs.open(container.logPath)
  node.events.emit('Started', container.id, container.sandbox)
  if (container.image.run !== undefined) startFunction(node, container, container.image.run)
  else startScript(node, container)
  checkMemory(node, container)
}

/** Lets a running container that was copied from another node go on. @param tasks what is still to come of its script */
export function resumeProgram(node: SimulatedNode, container: Container, tasks: readonly (readonly [ScriptTask, Due])[]): void {
  if (container.image.run !== undefined) startFunction(node, container, container.image.run)
  else resumeScript(node, container, tasks)
  checkMemory(node, container)
}

/** The grace period of a container that was told to stop ends at that time. */
export function killAt(node: SimulatedNode, container: Container, due: Due): void {
  const timer = node.environment.clock.at(due, () => endContainer(node, container, killed))
  const live = liveOf(container)
  live.killTimers.add(timer)
  live.onEnd.add(() => timer.cancel())
}

/** Ends the running container. Does nothing when it has ended before. */
export function endContainer(node: SimulatedNode, container: Container, { exitCode, reason }: End): void {
  if (!container.isRunning) return
  const { live } = container
  if (live?.logs !== undefined) {
    append(node, container, live.logs.stdout.end())
    append(node, container, live.logs.stderr.end())
  }
  container.state = ContainerState.CONTAINER_EXITED
  container.finishedMs = node.timestamp()
  container.exitCode = exitCode
  container.reason = reason
  container.live = undefined
  if (live !== undefined) release(live)
  node.events.emit('Stopped', container.id, container.sandbox)
}

/** The program is gone without a trace: the container's state stays as it was last seen. */
export function loseProgram({ live }: Container): void {
  const process = live?.process
  // First taken out: what the program still says when it ends must not count.
  if (live !== undefined) live.process = undefined
  process?.dispose()
}

/** Sends the stop signal; only the first one counts. */
export function signalStop(node: SimulatedNode, container: Container): void {
  const { script, run } = container.image
  if (run === undefined && (script.stopMs ?? 0) === 0) {
    endContainer(node, container, exited(script.stopExitCode ?? 0))
    return
  }
  const live = liveOf(container)
  if (live.stopSignaled) return
  live.stopSignaled = true
  if (run === undefined) stopScript(node, container)
  else live.process?.stop(stopSignalName(container.stopSignal))
}

/** What the program writes goes to the log and to whoever is attached. */
export function writeOutput(node: SimulatedNode, container: Container, stream: 'stdout' | 'stderr', data: string | Uint8Array): void {
  if (!container.isRunning) return
  const live = liveOf(container)
  const bytes = Buffer.from(data)
  for (const attached of live.attached ?? []) attached[stream]?.write(bytes)
  live.logs ??= { stdout: new LogWriter('stdout', () => node.timestamp()), stderr: new LogWriter('stderr', () => node.timestamp()) }
  append(node, container, live.logs[stream].write(bytes))
}

export function memoryOf({ live, image }: Container): number {
  return live?.memoryBytes ?? image.memoryBytes
}

/** Kills a container that uses more memory than it may. Not before the caller is done: a program that starts is seen to run. */
export function checkMemory(node: SimulatedNode, container: Container): void {
  if (memoryOf(container) <= container.memoryLimitBytes || !container.isRunning) return
  const timer = node.environment.clock.after(0, () => endContainer(node, container, outOfMemory))
  liveOf(container).onEnd.add(() => timer.cancel())
}

function startErrorOf({ image, command, args }: Container): string | undefined {
  const { startError } = image.script
  return typeof startError === 'function' ? startError([...command, ...args]) : startError
}

function failToStart(node: SimulatedNode, container: Container, failure: string): CRIError {
  const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ${failure}: unknown`
  container.state = ContainerState.CONTAINER_EXITED
  container.finishedMs = node.timestamp()
  container.exitCode = 128
  container.reason = 'StartError'
  container.message = message
  return new CRIError('Unknown', message)
}

function append(node: SimulatedNode, { logPath }: Container, lines: Buffer): void {
  if (lines.length > 0 && logPath !== '' && !node.diskFull) node.environment.logs.append(logPath, lines)
}

function release(live: Live): void {
  live.process?.dispose()
  live.stdin?.close()
  for (const connection of live.connections ?? []) connection.destroy()
  for (const listener of live.onEnd) listener()
}
