import type { Due, Timer } from '#base/clock.ts'
import type { Container } from './container.ts'
import type { LogLine } from './image.ts'
import { endContainer, exited } from './container-end.ts'
import { writeOutput } from './container-output.ts'
import type { Process } from './live.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'

/** What is still to come in the life that a script describes. */
export type ScriptTask = { do: 'log'; line: LogLine } | { do: 'exit' } | { do: 'stop' }

/** Begins the life that a script describes. A container that has nothing to do after its start gets no timer and no process. */
export function startScript(node: SimulatedNode, container: Container): void {
  const { logs = [], crash, exitAfterMs } = container.image.script
  for (const text of logs) {
    const line = typeof text === 'string' ? { text } : text
    const { afterMs = 0 } = line
    if (afterMs > 0) after(node, container, afterMs, { do: 'log', line })
    else perform(node, container, { do: 'log', line })
  }
  if (!container.crashes && (crash !== undefined || exitAfterMs === undefined)) return
  // As with a program that fails at once, nobody sees it run.
  if ((exitAfterMs ?? 0) === 0) perform(node, container, { do: 'exit' })
  else after(node, container, exitAfterMs ?? 0, { do: 'exit' })
}

/** Goes on with what is still to come of it. */
export function resumeScript(node: SimulatedNode, container: Container, tasks: Iterable<readonly [ScriptTask, Due]>): void {
  const { clock } = node.environment
  for (const [task, due] of tasks)
    processOf(container).add(task, callback => clock.at(due, callback), perform.bind(undefined, node, container))
}

/** What is still to come of a container, and when; nothing for a container that has nothing to do, or is a function. */
export function scriptTasks({ live }: Container): (readonly [ScriptTask, Due])[] {
  return live?.process instanceof ScriptProcess ? live.process.tasks : []
}

/** The stop signal reaches a container that takes its time to stop. */
export function stopScript(node: SimulatedNode, container: Container): void {
  const { stopMs = 0 } = container.image.script
  if (stopMs !== Number.POSITIVE_INFINITY) after(node, container, stopMs, { do: 'stop' })
}

function after(node: SimulatedNode, container: Container, delayMs: number, task: ScriptTask): void {
  const { clock } = node.environment
  processOf(container).add(task, callback => clock.after(delayMs, callback), perform.bind(undefined, node, container))
}

function perform(node: SimulatedNode, container: Container, task: ScriptTask): void {
  switch (task.do) {
    case 'log': {
      const { text, stream = 'stdout', everyMs } = task.line
      writeOutput(node, container, stream, `${text}\n`)
      if (everyMs !== undefined) after(node, container, everyMs, task)
      return
    }
    case 'exit':
      endByItself(node, container)
      return
    case 'stop':
      endContainer(node, container, exited(container.image.script.stopExitCode ?? 0))
  }
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
  readonly #timers = new Map<ScriptTask, Timer>()

  get tasks(): (readonly [ScriptTask, Due])[] {
    return [...this.#timers].map(([task, { due }]) => [task, due])
  }

  add(task: ScriptTask, set: (callback: () => void) => Timer, perform: (task: ScriptTask) => void): void {
    const timer = set(() => {
      this.#timers.delete(task)
      perform(task)
    })
    this.#timers.set(task, timer)
  }

  stop(): void {}

  dispose(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
