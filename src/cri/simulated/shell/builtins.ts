import { fileCommands } from './file-commands.ts'
import { ShellExit, type ShellStreams } from './host.ts'
import { readCommands } from './read-commands.ts'
import type { Shell } from './shell.ts'

export interface Call extends ShellStreams {
  shell: Shell
}

export type Builtin = (args: readonly string[], call: Call) => Promise<number>

/** The commands that every simulated container has. */
export const builtins: Readonly<Record<string, Builtin>> = {
  true: async () => 0,
  ':': async () => 0,
  false: async () => 1,
  echo,
  cat,
  sh: (args, call) => sh(args, call, call.shell.host.lenient ? '# ' : '/ # '),
  bash: (args, call) => sh(args, call, `root@${call.shell.host.hostname}:/# `),
  sleep,
  touch,
  rm,
  trap,
  test,
  exit: async ([code = '0']) => {
    throw new ShellExit(Number(code) & 255)
  },
  '[': async (args, call) => test(args.slice(0, -1), call),
  pwd: async (_, { stdout }) => print(stdout, '/'),
  hostname: async (_, { shell, stdout }) => print(stdout, shell.host.hostname),
  date,
  seq,
  whoami: async (_, { stdout }) => print(stdout, 'root'),
  id: async (_, { stdout }) => print(stdout, 'uid=0(root) gid=0(root) groups=0(root)'),
  ...fileCommands,
  env: async (_, call) => printenv([], call),
  printenv,
  wait: async (_, { shell }) => {
    await shell.wait()
    return 0
  },
}

/** A box with few programs has no bash. */
export function hasBuiltin(name: string, { lenient }: { lenient: boolean }): boolean {
  return Object.hasOwn(builtins, name) && (lenient || name !== 'bash')
}

const unitsMs: Readonly<Record<string, number>> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

async function print(output: ShellStreams['stdout'], line: string): Promise<number> {
  await output.write(`${line}\n`)
  return 0
}

async function echo(args: readonly string[], { stdout }: Call): Promise<number> {
  const withoutNewline = args[0] === '-n'
  await stdout.write(`${args.slice(withoutNewline ? 1 : 0).join(' ')}${withoutNewline ? '' : '\n'}`)
  return 0
}

async function cat(args: readonly string[], { shell, stdin, stdout, stderr }: Call): Promise<number> {
  if (args.length === 0) {
    for await (const part of stdin) await stdout.write(part)
    return 0
  }
  let code = 0
  for (const path of args) {
    const content = await shell.host.files.read(path)
    if (content !== undefined) await stdout.write(content)
    else if (!shell.host.lenient) {
      await stderr.write(`cat: can't open '${path}': No such file or directory\n`)
      code = 1
    }
  }
  return code
}

/** `sh -c SCRIPT`, `sh FILE`, or `sh`, which is told by its input what to do. */
async function sh(args: readonly string[], { shell, ...streams }: Call, prompt: string): Promise<number> {
  const option = args.findIndex(arg => /^-\w*c$/.test(arg))
  const path = args.find(arg => !arg.startsWith('-'))
  try {
    if (option >= 0) return await shell.script(args[option + 1] ?? '', streams)
    if (path === undefined) return await readCommands(shell, streams, prompt)
    const script = await shell.host.files.read(path)
    if (script !== undefined) return await shell.script(Buffer.from(script).toString(), streams)
    if (shell.host.lenient) return 0
    await streams.stderr.write(`sh: can't open '${path}': No such file or directory\n`)
    return 2
  } catch (error) {
    if (error instanceof ShellExit) return error.code
    throw error
  }
}

async function sleep(args: readonly string[], { shell, stderr }: Call): Promise<number> {
  let ms = 0
  for (const arg of args) {
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?|infinity)([smhd]?)$/.exec(arg) ?? []
    if (amount === undefined) {
      await stderr.write(`sleep: invalid number '${arg}'\n`)
      return 1
    }
    ms += (amount === 'infinity' ? Number.POSITIVE_INFINITY : Number(amount)) * (unitsMs[unit] ?? 0)
  }
  await shell.sleep(ms)
  return 0
}

const dateFields: Readonly<Record<string, (at: Date) => string>> = {
  a: at => at.toUTCString().slice(0, 3),
  b: at => at.toUTCString().slice(8, 11),
  d: at => at.toISOString().slice(8, 10),
  e: at => String(at.getUTCDate()).padStart(2),
  F: at => at.toISOString().slice(0, 10),
  H: at => at.toISOString().slice(11, 13),
  M: at => at.toISOString().slice(14, 16),
  m: at => at.toISOString().slice(5, 7),
  S: at => at.toISOString().slice(17, 19),
  s: at => String(Math.floor(at.getTime() / 1_000)),
  T: at => at.toISOString().slice(11, 19),
  Y: at => String(at.getUTCFullYear()),
  Z: () => 'UTC',
  '%': () => '%',
}

/** The cluster's time. */
async function date(args: readonly string[], { shell, stdout }: Call): Promise<number> {
  const format = args.find(arg => arg.startsWith('+'))?.slice(1) ?? '%a %b %e %T %Z %Y'
  const at = new Date(shell.host.now())
  return print(
    stdout,
    format.replace(/%(.)/g, (all, name: string) => (Object.hasOwn(dateFields, name) ? dateFields[name]!(at) : all)),
  )
}

async function seq(args: readonly string[], { stdout, stderr }: Call): Promise<number> {
  const numbers = args.map(Number)
  const [first, step, last] = numbers.length === 3 ? numbers : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : [1, 1, numbers[0]]
  if (first === undefined || last === undefined || !step || numbers.some(Number.isNaN)) {
    await stderr.write('seq: invalid argument\n')
    return 1
  }
  for (let number = first; step > 0 ? number <= last : number >= last; number += step) await print(stdout, String(number))
  return 0
}

async function touch(args: readonly string[], { shell }: Call): Promise<number> {
  for (const path of args) await shell.host.files.write(path, '', { append: true })
  return 0
}

async function rm(args: readonly string[], { shell, stderr }: Call): Promise<number> {
  const isForced = args.some(arg => /^-\w*f/.test(arg))
  let code = 0
  for (const path of args.filter(arg => !arg.startsWith('-'))) {
    if ((await shell.host.files.remove(path)) || isForced) continue
    await stderr.write(`rm: can't remove '${path}': No such file or directory\n`)
    code = 1
  }
  return code
}

/** `trap COMMAND SIGNAL…`; an empty command ignores the signal. */
async function trap([command = '', ...signals]: readonly string[], { shell }: Call): Promise<number> {
  for (const signal of signals) shell.traps.set(`SIG${signal.replace(/^SIG/, '').replace(/^15$/, 'TERM').replace(/^2$/, 'INT')}`, command)
  return 0
}

async function test(args: readonly string[], { shell }: Call): Promise<number> {
  const exists = async (path: string) => (await shell.host.files.read(path)) !== undefined
  const [first = '', second = '', third = ''] = args
  if (first === '!') return Number((await test(args.slice(1), { shell } as Call)) === 0)
  if (args.length === 3) return Number(!compare(first, second, third))
  if (first === '-z') return Number(second !== '')
  if (first === '-n') return Number(second === '')
  if (first === '-d') return Number(second !== '/' && (await shell.host.files.list(second)).length === 0)
  if (first === '-f' || first === '-e' || first === '-r') return Number(!(await exists(second)))
  return Number(first === '')
}

function compare(left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '-eq':
      return Number(left) === Number(right)
    case '-ne':
      return Number(left) !== Number(right)
    case '-lt':
      return Number(left) < Number(right)
    case '-le':
      return Number(left) <= Number(right)
    case '-gt':
      return Number(left) > Number(right)
    default:
      return operator === '-ge' && Number(left) >= Number(right)
  }
}

async function printenv(args: readonly string[], { shell, stdout }: Call): Promise<number> {
  const entries = Object.entries(shell.env)
  if (args.length === 0) {
    for (const [name, value] of entries) await print(stdout, `${name}=${value}`)
    return 0
  }
  const found = entries.filter(([name]) => args.includes(name))
  for (const [, value] of found) await print(stdout, value)
  return found.length === args.length ? 0 : 1
}
