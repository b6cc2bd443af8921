import type { Timer } from '#base/clock.ts'
import type { Container } from './container.ts'
import type { LogLine } from './image.ts'
import { endContainer, exited, writeOutput } from './lifecycle.ts'
import type { Process } from './live.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'

/** Begins the life that a script describes. A container that has nothing to do after its start gets no timer and no process. */
export function startScript(node: SimulatedNode, container: Container): void {
  for (const line of container.image.script.logs ?? []) startLine(node, container, inFull(line))
  armExit(node, container, 0)
}

/** Goes on with what is still to come of it. */
export function resumeScript(node: SimulatedNode, container: Container): void {
  const elapsedMs = node.environment.clock.now() - Math.floor(container.startedMs)
  for (const line of container.image.script.logs ?? []) {
    const { afterMs = 0, everyMs, ...rest } = inFull(line)
    if (afterMs > elapsedMs) startLine(node, container, { ...inFull(line), afterMs: afterMs - elapsedMs })
    else if (everyMs !== undefined) startLine(node, container, { ...rest, everyMs, afterMs: everyMs - ((elapsedMs - afterMs) % everyMs) })
  }
  armExit(node, container, elapsedMs)
}

function armExit(node: SimulatedNode, container: Container, elapsedMs: number): void {
  const { crash, exitAfterMs } = container.image.script
  if (!container.crashes && (crash !== undefined || exitAfterMs === undefined)) return
  processOf(container).after(node, Math.max((exitAfterMs ?? 0) - elapsedMs, 0), () => endByItself(node, container))
}

/** The stop signal reaches a container that takes its time to stop. */
export function stopScript(node: SimulatedNode, container: Container): void {
  const { stopMs = 0, stopExitCode = 0 } = container.image.script
  if (stopMs === Number.POSITIVE_INFINITY) return
  processOf(container).after(node, stopMs, () => endContainer(node, container, exited(stopExitCode)))
}

function inFull(line: string | LogLine): LogLine {
  return typeof line === 'string' ? { text: line } : line
}

function startLine(node: SimulatedNode, container: Container, { text, stream = 'stdout', afterMs = 0, everyMs }: LogLine): void {
  const write = () => {
    writeOutput(node, container, stream, `${text}\n`)
    if (everyMs !== undefined) processOf(container).after(node, everyMs, write)
  }
  if (afterMs > 0) processOf(container).after(node, afterMs, write)
  else write()
}

function endByItself(node: SimulatedNode, container: Container): void {
  const { exitCode, terminationMessage } = container.image.script
  const end = exited(exitCode ?? (container.crashes ? 1 : 0))
  const mount = container.mounts.find(({ containerPath = '' }) => containerPath !== '' && containerPath === terminationPath(container))
  const { files } = node.options
  const finish = () => endContainer(node, container, end)
  if (terminationMessage === undefined || mount === undefined || files === undefined) finish()
  else files.writeFile(mount.hostPath ?? '', terminationMessage).then(finish, finish)
}

/** The kubelet says in an annotation which of the mounts it is. */
function terminationPath({ annotations }: Container): string {
  return annotations['io.kubernetes.container.terminationMessagePath'] ?? '/dev/termination-log'
}

function processOf(container: Container): ScriptProcess {
  const live = liveOf(container)
  live.process ??= new ScriptProcess()
  return live.process as ScriptProcess
}

class ScriptProcess implements Process {
  readonly #timers = new Set<Timer>()

  after(node: SimulatedNode, delayMs: number, callback: () => void): void {
    const timer = node.environment.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      callback()
    })
    this.#timers.add(timer)
  }

  stop(): void {}

  dispose(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }
}
