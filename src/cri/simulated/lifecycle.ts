import type { Due } from '#base/clock.ts'
import { CRIError } from '../error.ts'
import { ContainerState } from '../gen/runtime.gen.ts'
import type { Container } from './container.ts'
import { endContainer, exited, tellStart } from './container-end.ts'
import { startFunction } from './function-process.ts'
import { checkMemory } from './memory-limit.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'
import { resumeScript, type ScriptTask, startScript, stopScript } from './script-process.ts'
import { stopSignalName } from './signals.ts'
import { functionOf } from './terminal-shell.ts'

/** Lets the program of a created container run. @throws CRIError when there is nothing to run; the container has then ended */
export async function startProgram(node: SimulatedNode, container: Container): Promise<void> {
  const failure = startErrorOf(container)
  if (failure !== undefined) throw failToStart(node, container, failure)
  container.state = ContainerState.CONTAINER_RUNNING
  container.startedMs = node.timestamp()
  if (container.logPath !== '' && !node.diskFull) node.environment.logs.open(container.logPath)
  const run = functionOf(container)
  if (run === undefined) {
    node.events.emit('Started', container.id, container.sandbox)
    startScript(node, container)
    checkMemory(node, container)
    return
  }
  liveOf(container).isStartUntold = true
  startFunction(node, container, run)
  checkMemory(node, container)
  // What fails before it waits for anything has ended then, and nobody has seen it run, as with any program that cannot go on.
  await new Promise(resolve => setImmediate(resolve))
  if (container.live !== undefined) tellStart(node, container, container.live)
}

/** Lets a running container that was copied from another node go on. @param tasks what is still to come of its script */
export function resumeProgram(node: SimulatedNode, container: Container, tasks: readonly (readonly [ScriptTask, Due])[]): void {
  const run = functionOf(container)
  // Not before all of the node is there again.
  if (run !== undefined) startFunction(node, container, context => Promise.resolve().then(() => run(context)))
  else resumeScript(node, container, tasks)
  checkMemory(node, container)
}

/** Sends the stop signal; only the first one counts. */
export function signalStop(node: SimulatedNode, container: Container): void {
  const { script } = container.image
  const run = functionOf(container)
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
