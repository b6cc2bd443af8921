import type { Due } from '#base/clock.ts'
import { ContainerState } from '../gen/runtime.gen.ts'
import type { Container } from './container.ts'
import { endOutput } from './container-output.ts'
import type { Live } from './live.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'

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

/** Ends the running container. Does nothing when it has ended before. */
export function endContainer(node: SimulatedNode, container: Container, { exitCode, reason }: End): void {
  if (!container.isRunning) return
  const { live } = container
  endOutput(node, container)
  container.state = ContainerState.CONTAINER_EXITED
  container.finishedMs = node.timestamp()
  container.exitCode = exitCode
  container.reason = reason
  container.live = undefined
  if (live !== undefined) release(live)
  if (live !== undefined) tellStart(node, container, live)
  node.events.emit('Stopped', container.id, container.sandbox)
}

/** Says that the container was started, unless that was said. */
export function tellStart(node: SimulatedNode, container: Container, live: Live): void {
  if (live.isStartUntold) node.events.emit('Started', container.id, container.sandbox)
  live.isStartUntold = false
}

/** The grace period of a container that was told to stop ends at that time, unless who asks for it again gives up. */
export function killAt(node: SimulatedNode, container: Container, due: Due): void {
  const timer = node.environment.clock.at(due, () => endContainer(node, container, killed))
  const live = liveOf(container)
  live.killTimers.add(timer)
  live.resumedKill = timer
  live.onEnd.add(() => timer.cancel())
}

/** The program is gone without a trace: the container's state stays as it was last seen, and there is nothing left to kill. */
export function loseProgram({ live }: Container): void {
  if (live === undefined) return
  for (const timer of live.killTimers) timer.cancel()
  live.killTimers.clear()
  const { process } = live
  // First taken out: what the program still says when it ends must not count.
  live.process = undefined
  process?.dispose()
}

function release(live: Live): void {
  live.process?.dispose()
  live.stdin?.close()
  live.terminal?.close()
  for (const connection of live.connections ?? []) connection.destroy()
  for (const listener of live.onEnd) listener()
}
