import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Report } from './report.ts'
import type { SeedRun } from './run-seed.ts'
import { runsToItsEnd } from './verdict.ts'

/** A run that takes longer is stuck: nothing in it waits for the machine. */
const runMsMax = 120_000

/** Processes that run seeds side by side. */
export class Workers implements AsyncDisposable {
  readonly #free: ChildProcess[]
  readonly #waiting: ((worker: ChildProcess) => void)[] = []

  constructor(count: number) {
    this.#free = Array.from({ length: count }, start)
  }

  /**
   * Runs a seed in the next free process, in the order of the calls. A process that breaks or hangs is a failure of its seed, and is
   * replaced.
   * @param isWanted asked when its turn has come
   * @returns undefined when it is not wanted any more
   */
  async run(run: SeedRun, isWanted: () => boolean): Promise<Report | undefined> {
    const worker = this.#free.pop() ?? (await new Promise<ChildProcess>(resolve => this.#waiting.push(resolve)))
    if (!isWanted()) {
      this.#release(worker)
      return undefined
    }
    const report = await ask(worker, run)
    // Where a run broke off, something of it may still be there, and its address taken.
    const isUsable = report !== undefined && report.failure?.invariant !== runsToItsEnd && worker.connected
    this.#release(isUsable ? worker : replace(worker))
    return report ?? brokenReport(run)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#free) worker.disconnect()
    await Promise.all(
      this.#free.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(worker => once(worker, 'exit')),
    )
  }

  #release(worker: ChildProcess): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#free.push(worker)
    else waiting(worker)
  }
}

function start(): ChildProcess {
  return fork(join(import.meta.dirname, 'worker.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

function replace(worker: ChildProcess): ChildProcess {
  worker.kill('SIGKILL')
  return start()
}

/** Undefined when the process ends, or does not answer. */
function ask(worker: ChildProcess, run: SeedRun): Promise<Report | undefined> {
  const { promise, resolve } = Promise.withResolvers<Report | undefined>()
  const timer = setTimeout(() => resolve(undefined), runMsMax)
  const onMessage = (report: unknown) => resolve(report as Report)
  const onExit = () => resolve(undefined)
  worker.once('message', onMessage)
  worker.once('exit', onExit)
  worker.send(run)
  return promise.finally(() => {
    clearTimeout(timer)
    worker.off('message', onMessage)
    worker.off('exit', onExit)
  })
}

function brokenReport({ seed }: SeedRun): Report {
  const failure = { invariant: runsToItsEnd, message: 'its process broke, or did not come to an end' }
  return { seed, steps: [], failure, writes: [], writeCount: 0, passedMs: 0 }
}
