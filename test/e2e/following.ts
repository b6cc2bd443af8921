import { type ChildProcess, spawn } from 'node:child_process'

/** A program that goes on printing (`kubectl get -w`), and what it has printed so far. Dispose it to end it. */
export class Following implements Disposable {
  readonly #child: ChildProcess
  #output = ''
  #onChange: (() => void) | undefined

  constructor(command: string, args: readonly string[], env: Record<string, string>) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', chunk => {
        this.#output += chunk
        this.#onChange?.()
      })
    }
    this.#child.on('close', () => this.#onChange?.())
  }

  /** Resolves with all output once it matches; rejects when the program ends before that. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#output)) {
      if (this.#child.exitCode !== null) throw new Error(`ended before ${pattern} was seen in:\n${this.#output}`)
      await new Promise<void>(resolve => {
        this.#onChange = resolve
      })
    }
    return this.#output
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }
}
