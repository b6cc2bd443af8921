import { requireKnownFields, requireMilliseconds, requireOneOf } from '#base/known-fields.ts'
import type { ImageOptions, ImageScript, SimulatedImage } from './image.ts'

type Check = (what: string, value: never) => void

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** @throws TypeError unless it is of one of these types */
function typed(...types: ('string' | 'number' | 'function' | 'object')[]): (what: string, value: unknown) => void {
  return (what, value) => {
    const isOne = types.some(type => (type === 'object' ? isRecord(value) : typeof value === type))
    if (!isOne) throw new TypeError(`${what} must be of type ${types.join(' or ')}, not ${JSON.stringify(value) ?? String(value)}`)
  }
}

function whole(min: number, max: number): (what: string, value: number) => void {
  return (what, value) => {
    if (!(Number.isInteger(value) && value >= min && value <= max))
      throw new TypeError(
        `${what} must be a whole number from ${min} ${max === Number.MAX_SAFE_INTEGER ? 'on' : `to ${max}`}, not ${value}`,
      )
  }
}

function listOf(item: (what: string, value: never) => void): (what: string, value: readonly unknown[]) => void {
  return (what, value) => {
    if (!Array.isArray(value)) throw new TypeError(`${what} must be a list, not ${JSON.stringify(value) ?? String(value)}`)
    value.forEach((each, index) => item(`${what}[${index}]`, each as never))
  }
}

const count = whole(0, Number.MAX_SAFE_INTEGER)
const exitCode = whole(0, 255)
const logLineFields = { text: typed('string'), stream: stream, afterMs: requireMilliseconds, everyMs: whole(1, Number.MAX_SAFE_INTEGER) }
const httpAnswerFields = { status: whole(100, 599), headers: typed('object'), body: () => {}, delayMs: requireMilliseconds }
const execAnswerFields = { stdout: typed('string'), stderr: typed('string'), exitCode, afterMs: requireMilliseconds }

const scriptFields = {
  startMs: requireMilliseconds,
  readyAfterMs: requireMilliseconds,
  exitAfterMs: requireMilliseconds,
  exitCode,
  crash: count,
  startError: typed('string', 'function'),
  run: typed('function'),
  cpu: typed('number', 'string'),
  memory: typed('number', 'string'),
  logs: listOf((what, line: unknown) => {
    typed('string', 'object')(what, line)
    if (isRecord(line)) checkFields(what, line, logLineFields)
  }),
  http: (what: string, answers: unknown) => {
    typed('object')(what, answers)
    for (const [path, answer] of Object.entries(answers as object)) {
      if (path !== '*' && !path.startsWith('/')) throw new TypeError(`${what}: the path "${path}" must begin with "/", or be "*"`)
      typed('string', 'number', 'object', 'function')(`${what}["${path}"]`, answer)
      if (isRecord(answer)) checkFields(`${what}["${path}"]`, answer, httpAnswerFields)
    }
  },
  ports: listOf(whole(1, 65_535)),
  stopMs: requireMilliseconds,
  stopExitCode: exitCode,
  terminationMessage: typed('string'),
  exec: (what: string, answers: unknown) => {
    typed('object', 'function')(what, answers)
    if (!isRecord(answers)) return
    for (const [command, answer] of Object.entries(answers)) {
      typed('string', 'number', 'object', 'function')(`${what}["${command}"]`, answer)
      if (isRecord(answer)) checkFields(`${what}["${command}"]`, answer, execAnswerFields)
    }
  },
} satisfies { [F in keyof ImageScript]-?: Check }

const optionFields = {
  digest: typed('string'),
  sizeBytes: count,
  pullMs: requireMilliseconds,
  pullError: requirePullError,
  credentials: typed('object'),
  user: typed('number', 'string'),
} satisfies { [F in keyof ImageOptions]-?: Check }

/** @throws TypeError that names the field which is wrong or which there is not */
export function checkImage(name: string, image: SimulatedImage, options: ImageOptions): void {
  const what = `image "${name}"`
  typed('object', 'function')(what, image)
  if (typeof image !== 'function') checkFields(what, image, scriptFields)
  checkFields(`the options of ${what}`, options, optionFields)
}

/** @throws TypeError */
export function requirePullError(what: string, error: unknown): void {
  if (!(error instanceof Error)) requireOneOf(what, error, ['not found', 'unauthorized', 'unreachable'])
}

function stream(what: string, value: unknown): void {
  requireOneOf(what, value, ['stdout', 'stderr'])
}

function checkFields(what: string, value: object, fields: Readonly<Record<string, Check>>): void {
  requireKnownFields(what, value, Object.keys(fields))
  for (const [name, each] of Object.entries(value)) if (each !== undefined) fields[name]!(`${what}: ${name}`, each as never)
}
