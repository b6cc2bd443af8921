/** What a flag takes: a value once, a value several times, or nothing. */
export type FlagType = 'string' | 'strings' | 'boolean' | 'number'

export interface FlagDefinition {
  type: FlagType
  short?: string
  /** One line for `--help`. */
  description: string
  /** Name of the value in `--help`. */
  placeholder?: string
}

export type FlagDefinitions = Record<string, FlagDefinition>

type ValueOf<T extends FlagType> = T extends 'string' ? string : T extends 'strings' ? string[] : T extends 'number' ? number : boolean

export type Flags<D extends FlagDefinitions> = { [K in keyof D]?: ValueOf<D[K]['type']> }

/** The user's command line is wrong. The message is one sentence; the program adds how to get help. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/**
 * Parses `--name value`, `--name=value`, `-n value`, `-nvalue`, `--boolean`, `--boolean=false` and `--`.
 * @throws UsageError for unknown flags, missing values and values of the wrong kind
 */
export function parseFlags<const D extends FlagDefinitions>(args: readonly string[], definitions: D): { flags: Flags<D>; rest: string[] } {
  const flags: Record<string, unknown> = {}
  const rest: string[] = []
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!
    if (argument === '--') {
      rest.push(...args.slice(index + 1))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      rest.push(argument)
      continue
    }
    const { name, inlineValue, shown } = splitFlag(argument, definitions)
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (definition === undefined) throw new UsageError(`unknown flag: ${shown}`)
    const takesNext = inlineValue === undefined && definition.type !== 'boolean'
    const text = takesNext ? args[++index] : inlineValue
    if (takesNext && text === undefined) throw new UsageError(`flag needs an argument: ${shown}`)
    flags[name] = valueOf(definition.type, text, shown, flags[name])
  }
  return { flags: flags as Flags<D>, rest }
}

/**
 * As `parseFlags`, for commands that take nothing but flags.
 * @throws UsageError also for every other argument
 */
export function parseOnlyFlags<const D extends FlagDefinitions>(args: readonly string[], definitions: D): Flags<D> {
  const { flags, rest } = parseFlags(args, definitions)
  if (rest.length > 0) throw new UsageError(`unexpected argument "${rest[0]}"`)
  return flags
}

function splitFlag(argument: string, definitions: FlagDefinitions): { name: string; inlineValue: string | undefined; shown: string } {
  if (argument.startsWith('--')) {
    const [name = '', ...value] = argument.slice(2).split('=')
    return { name, inlineValue: value.length === 0 ? undefined : value.join('='), shown: `--${name}` }
  }
  const short = argument[1]!
  const name = Object.keys(definitions).find(candidate => definitions[candidate]!.short === short) ?? `-${short}`
  const value = argument.slice(2)
  return { name, inlineValue: value === '' ? undefined : value.replace(/^=/, ''), shown: `-${short}` }
}

function valueOf(type: FlagType, text: string | undefined, shown: string, before: unknown): unknown {
  switch (type) {
    case 'boolean': {
      if (text === undefined || text === 'true') return true
      if (text === 'false') return false
      throw new UsageError(`invalid argument "${text}" for "${shown}": must be true or false`)
    }
    case 'number': {
      const value = Number(text)
      if (text === '' || !Number.isInteger(value)) throw new UsageError(`invalid argument "${text}" for "${shown}": must be a whole number`)
      return value
    }
    case 'strings':
      return [...((before as string[] | undefined) ?? []), given(text, shown)]
    case 'string':
      return given(text, shown)
  }
}

/** A shell variable that is not set would become the working folder, or worse. */
function given(text: string | undefined, shown: string): string {
  if (text === undefined || text === '') throw new UsageError(`invalid argument "" for "${shown}": must not be empty`)
  return text
}

/** The flag table of `--help`. */
export function describeFlags(definitions: FlagDefinitions): string {
  const rows = Object.entries(definitions).map(([name, { short, placeholder, type, description }]) => {
    const value = type === 'boolean' ? '' : ` ${placeholder ?? type.toUpperCase()}`
    return { left: `  ${short === undefined ? '   ' : `-${short},`} --${name}${value}`, description }
  })
  const width = Math.max(...rows.map(row => row.left.length))
  return rows.map(row => `${row.left.padEnd(width + 3)}${row.description}`).join('\n')
}
