import { buffer } from 'node:stream/consumers'
import type { Builtin, Call } from './builtins.ts'
import { readTar, type TarEntry, writeTar } from './tar.ts'

const followMs = 1_000
const defaultLines = 10

/** Commands that read and write files. Folders come and go with what lies in them. */
export const fileCommands: Readonly<Record<string, Builtin>> = { ls, mkdir: async () => 0, cp, head, tail, wc, grep, tar }

const operandsOf = (args: readonly string[]) => args.filter(arg => !arg.startsWith('-') || arg === '-')
const absolute = (path: string) => `/${path}`.replace(/\/+(?:\.\/)*/g, '/').replace(/(?<=.)\/\.?$/, '')

async function ls(args: readonly string[], { shell, stdout, stderr }: Call): Promise<number> {
  const { files, lenient } = shell.host
  const showsHidden = args.some(arg => /^-\w*[aA]|^--all$/.test(arg))
  const paths = operandsOf(args)
  let code = 0
  for (const path of paths.length === 0 ? ['/'] : paths) {
    const isFile = (await files.read(absolute(path))) !== undefined
    const names = isFile ? [path] : (await files.list(absolute(path))).filter(name => showsHidden || !name.startsWith('.')).toSorted()
    for (const name of names) await stdout.write(`${name}\n`)
    if (isFile || names.length > 0 || lenient || path === '/') continue
    await stderr.write(`ls: ${path}: No such file or directory\n`)
    code = 1
  }
  return code
}

async function cp(args: readonly string[], { shell, stderr }: Call): Promise<number> {
  const [from = '', to = ''] = operandsOf(args)
  const content = await shell.host.files.read(absolute(from))
  if (content !== undefined) await shell.host.files.write(absolute(to), content)
  else if (!shell.host.lenient) {
    await stderr.write(`cp: can't stat '${from}': No such file or directory\n`)
    return 1
  }
  return 0
}

/** `-n NUMBER`, `-NUMBER` or `-nNUMBER`, and the rest of the arguments. */
function countOf(args: readonly string[]): { count: number; rest: readonly string[] } {
  const index = args.findIndex(arg => /^-n?\+?\d*$/.test(arg) && arg !== '-')
  if (index < 0) return { count: defaultLines, rest: args }
  const isSeparate = args[index] === '-n'
  const number = Number((isSeparate ? args[index + 1] : args[index])?.replace(/^-n?/, ''))
  return { count: number, rest: args.toSpliced(index, isSeparate ? 2 : 1) }
}

async function head(args: readonly string[], call: Call): Promise<number> {
  const { count, rest } = countOf(args)
  return withContent('head', operandsOf(rest)[0], call, async content => {
    await call.stdout.write(linesOf(content).slice(0, count).join(''))
  })
}

async function tail(args: readonly string[], call: Call): Promise<number> {
  const { count, rest } = countOf(args.filter(arg => !/^-[fF]$/.test(arg)))
  const [path] = operandsOf(rest)
  const follows = args.some(arg => /^-\w*[fF]/.test(arg))
  const { files } = call.shell.host
  if (follows && path !== undefined) {
    let seen = Buffer.from((await files.read(absolute(path))) ?? [])
    await call.stdout.write(lastLines(seen, count))
    if (path === '/dev/null') await call.shell.sleep(Number.POSITIVE_INFINITY)
    for (;;) {
      await call.shell.sleep(followMs)
      const now = Buffer.from((await files.read(absolute(path))) ?? [])
      if (now.length !== seen.length) await call.stdout.write(now.length > seen.length ? now.subarray(seen.length) : now)
      seen = now
    }
  }
  return withContent('tail', path, call, async content => {
    await call.stdout.write(lastLines(content, count))
  })
}

const linesOf = (content: Uint8Array) =>
  Buffer.from(content)
    .toString()
    .match(/[^\n]*\n|[^\n]+$/g) ?? []
const lastLines = (content: Uint8Array, count: number) => (count === 0 ? '' : linesOf(content).slice(-count).join(''))

async function wc(args: readonly string[], call: Call): Promise<number> {
  return withContent('wc', operandsOf(args)[0], call, async content => {
    const text = Buffer.from(content).toString()
    const [lines, words] = [text.split('\n').length - 1, text.split(/\s+/).filter(Boolean).length]
    const counts = { '-l': lines, '-w': words, '-c': content.length }[args[0] ?? '']
    await call.stdout.write(`${counts ?? `${lines} ${words} ${content.length}`}\n`)
  })
}

async function grep(args: readonly string[], call: Call): Promise<number> {
  const flags = args.filter(arg => arg.startsWith('-')).join('')
  const [pattern = '', path] = operandsOf(args)
  let expression: RegExp
  try {
    expression = new RegExp(pattern, flags.includes('i') ? 'i' : '')
  } catch {
    await call.stderr.write(`grep: bad regex '${pattern}'\n`)
    return 2
  }
  let found: string[] = []
  const code = await withContent('grep', path, call, async content => {
    found = linesOf(content).filter(line => expression.test(line.replace(/\n$/, '')) !== flags.includes('v'))
    if (flags.includes('c')) await call.stdout.write(`${found.length}\n`)
    else if (!flags.includes('q')) await call.stdout.write(found.map(line => line.replace(/\n?$/, '\n')).join(''))
  })
  return code === 0 ? Number(found.length === 0) : 2
}

/** What is in a file, or in the input when none is named. */
async function withContent(
  name: string,
  path: string | undefined,
  call: Call,
  use: (content: Uint8Array) => Promise<void>,
): Promise<number> {
  const isInput = path === undefined || path === '-'
  const content = isInput ? await buffer(call.stdin) : await call.shell.host.files.read(absolute(path))
  if (content !== undefined) await use(content)
  else if (!call.shell.host.lenient) {
    await call.stderr.write(`${name}: ${path}: No such file or directory\n`)
    return 1
  }
  return 0
}

/** What `kubectl cp` asks for: `tar cf - PATH…` and `tar xf - -C FOLDER`. */
async function tar(args: readonly string[], call: Call): Promise<number> {
  const [mode = '', ...rest] = args.filter(arg => !arg.startsWith('--'))
  const { files, now } = call.shell.host
  const folderAt = rest.indexOf('-C')
  const folder = folderAt < 0 ? '/' : (rest[folderAt + 1] ?? '/')
  if (mode.includes('x')) {
    for (const { path, content } of await readTar(call.stdin)) await files.write(absolute(`${folder}/${path}`), content)
    return 0
  }
  const operands = (folderAt < 0 ? rest : rest.toSpliced(folderAt, 2)).filter(arg => arg !== '-')
  const entries: TarEntry[] = []
  let code = 0
  for (const operand of operands) {
    const found = await allBelow(call, absolute(folderAt < 0 ? operand : `${folder}/${operand}`))
    entries.push(...found.map(({ path, content }) => ({ path: path.slice(1), content })))
    if (found.length > 0) continue
    await call.stderr.write(`tar: ${operand}: No such file or directory\n`)
    code = 1
  }
  if (code === 0) await call.stdout.write(writeTar(entries, now()))
  return code
}

async function allBelow(call: Call, path: string): Promise<TarEntry[]> {
  const { files } = call.shell.host
  const names = await files.list(path)
  if (names.length > 0) return (await Promise.all(names.map(name => allBelow(call, absolute(`${path}/${name}`))))).flat()
  const content = await files.read(path)
  return content === undefined ? [] : [{ path, content }]
}
