import type { Output } from '../image.ts'
import { evaluateArithmetic } from './arithmetic.ts'
import { builtins, hasBuiltin } from './builtins.ts'
import { asStream, ShellExit, type ShellHost, type ShellStreams } from './host.ts'
import type { Interruption } from './interruption.ts'
import {
  type Chain,
  type Command,
  type List,
  type Piece,
  type Pipeline,
  parseShell,
  type Redirect,
  ShellSyntaxError,
  type Word,
} from './parse.ts'

/** A command line interpreter with a handful of commands, for programs of containers and what is run in them. */
export class Shell {
  readonly host: ShellHost
  /** With what a runtime adds to it. */
  readonly env: Readonly<Record<string, string>>
  readonly variables: Map<string, string>
  readonly traps = new Map<string, string>()
  /** Of what runs now. */
  interruption: Interruption | undefined
  readonly #jobs = new Set<Promise<void>>()
  readonly #pending: string[] = []
  #wake: (() => void) | undefined

  constructor(host: ShellHost) {
    this.host = host
    this.env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOSTNAME: host.hostname, HOME: '/root', ...host.env }
    this.variables = new Map(Object.entries(this.env))
  }

  /** Runs a program with its arguments. Resolves with the exit code. */
  async run(argv: readonly string[], streams: ShellStreams): Promise<number> {
    try {
      return await this.execute(argv, streams)
    } catch (error) {
      if (error instanceof ShellExit) return error.code
      throw error
    }
  }

  /** Runs the text of a script. @throws ShellExit */
  async script(source: string, streams: ShellStreams): Promise<number> {
    let list: List
    try {
      list = parseShell(source)
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error
      if (this.host.lenient) return 0
      await streams.stderr.write(`sh: ${error.message}\n`)
      return 2
    }
    return this.#list(list, streams)
  }

  /** A signal arrived. As the first process of a container the shell takes only what it has a trap for. */
  signal(name: string): void {
    const trap = this.traps.get(name)
    if (trap === undefined || trap === '') return
    this.#pending.push(trap)
    this.#wake?.()
  }

  /** @throws Interrupted; as the host says */
  sleep(ms: number): Promise<void> {
    return this.#interruptible(this.host.sleep(ms))
  }

  #interruptible<T>(doing: Promise<T>): Promise<T> {
    return this.interruption?.race(doing) ?? doing
  }

  /** Until the commands in the background have ended, or a signal came. */
  async wait(): Promise<void> {
    if (this.#pending.length > 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    await this.#interruptible(Promise.race([Promise.all(this.#jobs), promise]))
    this.#wake = undefined
  }

  async execute(argv: readonly string[], streams: ShellStreams): Promise<number> {
    const name = (argv[0] ?? '').replace(/^.*\//, '')
    if (hasBuiltin(name, this.host)) return builtins[name]!(argv.slice(1), { shell: this, ...streams })
    if (this.host.lenient) return 0
    await streams.stderr.write(`sh: ${argv[0]}: not found\n`)
    return 127
  }

  async #list(list: List, streams: ShellStreams): Promise<number> {
    let code = 0
    for (const chain of list) {
      if (chain.background) {
        this.#spawn(chain, streams)
        code = 0
      } else code = await this.#chain(chain, streams)
      this.variables.set('?', String(code))
      await this.#runTraps(streams)
    }
    return code
  }

  #spawn(chain: Chain, streams: ShellStreams): void {
    const end = () => void this.#jobs.delete(job)
    const job: Promise<void> = this.#chain(chain, streams).then(end, end)
    this.#jobs.add(job)
  }

  async #runTraps(streams: ShellStreams): Promise<void> {
    for (let trap = this.#pending.shift(); trap !== undefined; trap = this.#pending.shift()) await this.script(trap, streams)
  }

  async #chain({ first, rest }: Chain, streams: ShellStreams): Promise<number> {
    let code = await this.#pipeline(first, streams)
    for (const { when, pipeline } of rest) if ((code === 0) === (when === 'success')) code = await this.#pipeline(pipeline, streams)
    return code
  }

  async #pipeline({ negated, commands }: Pipeline, streams: ShellStreams): Promise<number> {
    let { stdin } = streams
    let code = 0
    for (const [index, command] of commands.entries()) {
      if (index === commands.length - 1) code = await this.#command(command, { ...streams, stdin })
      else {
        const collected = new Collector()
        await this.#command(command, { ...streams, stdin, stdout: collected })
        stdin = collected.read()
      }
    }
    return negated ? Number(code === 0) : code
  }

  async #command(command: Command, streams: ShellStreams): Promise<number> {
    switch (command.type) {
      case 'simple':
        return this.#simple(command, streams)
      case 'group':
        return this.#list(command.body, streams)
      case 'if': {
        const isTrue = (await this.#list(command.condition, streams)) === 0
        return this.#list(isTrue ? command.then : command.otherwise, streams)
      }
      case 'for': {
        let code = 0
        for (const value of await this.#fields(command.words, streams)) {
          this.variables.set(command.variable, value)
          code = await this.#list(command.body, streams)
        }
        return code
      }
      case 'loop': {
        let code = 0
        while (((await this.#list(command.condition, streams)) === 0) !== command.until) {
          code = await this.#list(command.body, streams)
          // A loop that never waits would keep everybody else from running.
          await this.sleep(0)
        }
        return code
      }
    }
  }

  async #simple({ assignments, words, redirects }: Extract<Command, { type: 'simple' }>, streams: ShellStreams): Promise<number> {
    for (const { name, value } of assignments) this.variables.set(name, await this.#text(value, streams))
    const { streams: redirected, finish } = await this.#redirect(redirects, streams)
    const argv = await this.#fields(words, streams)
    const code = argv.length === 0 ? 0 : await this.execute(argv, redirected)
    await finish()
    return code
  }

  async #redirect(redirects: readonly Redirect[], streams: ShellStreams): Promise<{ streams: ShellStreams; finish: () => Promise<void> }> {
    const current = { ...streams }
    const endings: (() => Promise<void>)[] = []
    for (const { from, to } of redirects) {
      if ('stream' in to) {
        current[from as 'stdout'] = current[to.stream]
        continue
      }
      const path = await this.#text(to.file, streams)
      if (from === 'stdin') {
        const content = (await this.host.files.read(path)) ?? new Uint8Array()
        current.stdin = asStream(content)
        continue
      }
      const device = { '/dev/stdout': streams.stdout, '/dev/stderr': streams.stderr, '/dev/null': silent }[path]
      if (device !== undefined) {
        current[from] = device
        continue
      }
      const collected = new Collector()
      current[from] = collected
      endings.push(() => this.host.files.write(path, collected.content, { append: to.append }))
    }
    return {
      streams: current,
      finish: async () => {
        for (const ending of endings) await ending()
      },
    }
  }

  /** Values that do not stand between quotes are split at blanks, and are no word when they are empty. */
  async #fields(words: readonly Word[], streams: ShellStreams): Promise<string[]> {
    const fields: string[] = []
    for (const word of words) {
      let current: string | undefined
      for (const piece of word) {
        const value = await this.#valueOf(piece, streams)
        if ('text' in piece || piece.isQuoted) {
          current = (current ?? '') + value
          continue
        }
        const [first = '', ...others] = value.split(/[ \t\n]+/)
        if (first !== '') current = (current ?? '') + first
        for (const other of others) {
          if (current !== undefined) fields.push(current)
          current = other === '' ? undefined : other
        }
      }
      if (current !== undefined) fields.push(current)
    }
    return fields
  }

  async #text(word: Word, streams: ShellStreams): Promise<string> {
    let text = ''
    for (const piece of word) text += await this.#valueOf(piece, streams)
    return text
  }

  async #valueOf(piece: Piece, streams: ShellStreams): Promise<string> {
    if ('text' in piece) return piece.text
    if ('variable' in piece) return this.variables.get(piece.variable) || piece.fallback
    if ('command' in piece) return this.#outputOf(piece.command, streams)
    const value = evaluateArithmetic(piece.arithmetic, name => this.variables.get(name) ?? '')
    if (value !== undefined) return String(value)
    if (this.host.lenient) return ''
    await streams.stderr.write('sh: arithmetic syntax error\n')
    throw new ShellExit(2)
  }

  async #outputOf(list: List, streams: ShellStreams): Promise<string> {
    const collected = new Collector()
    try {
      await this.#list(list, { ...streams, stdout: collected })
    } catch (error) {
      if (!(error instanceof ShellExit)) throw error
    }
    return collected.content.toString().replace(/\n+$/, '')
  }
}

class Collector implements Output {
  readonly #parts: Uint8Array[] = []

  get content(): Buffer {
    return Buffer.concat(this.#parts)
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.#parts.push(typeof data === 'string' ? Buffer.from(data) : data)
  }

  read(): AsyncIterable<Uint8Array> {
    return asStream(this.content)
  }
}

const silent: Output = { write: async () => undefined }
