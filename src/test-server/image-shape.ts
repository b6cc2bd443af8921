import type { ImageOptions, ImageScript } from '#cri/simulated/index.ts'
import { described, either, integer, list, map, number, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'

const milliseconds = number({ min: 0 })
const exitCode = integer({ min: 0, max: 255 })
const amount = either(number({ min: 0 }), text())

const never = 'never'
/** JSON has no infinity. */
const millisecondsOrNever: Shape<number> = {
  ...either(milliseconds, oneOf(never)),
  read: (value, at, errors) =>
    value === never ? Number.POSITIVE_INFINITY : (either(milliseconds, oneOf(never)).read(value, at, errors) as number),
}

const logLine = object({ text: text() }, { stream: oneOf('stdout', 'stderr'), afterMs: milliseconds, everyMs: number({ min: 1 }) })
const httpStatus = integer({ min: 100, max: 599 })
const httpAnswer = either(text(), httpStatus, object({}, { status: httpStatus, headers: map(text()), body: text(), delayMs: milliseconds }))
const execAnswer = either(text(), exitCode, object({}, { stdout: text(), stderr: text(), exitCode, afterMs: milliseconds }))

/** What a script of an image can say without a function. */
const scriptFields = {
  startMs: described('How long StartContainer takes', milliseconds),
  readyAfterMs: described('Before this nothing listens and commands in it fail', milliseconds),
  exitAfterMs: described('The container ends by itself; left out, it runs until it is stopped', milliseconds),
  exitCode: described('Of a container that ends by itself: 0, for a crash 1', exitCode),
  crash: described('The first so many instances end after exitAfterMs with exitCode; those after them run', integer({ min: 0 })),
  startError: described('StartContainer fails with it', text()),
  cpu: described('Cores in use: 0.25, or "250m"', amount),
  memory: described('Bytes in use, or text such as "64Mi"; more than the limit: OOMKilled', amount),
  logs: list(either(text(), logLine)),
  http: described('Answers by path: a body, a status, or both; "*" stands for all other paths', map(httpAnswer)),
  ports: described('Ports that are open; left out: all', list(integer({ min: 1, max: 65_535 }))),
  stopMs: described('From the stop signal to the end; "never": it ignores the signal', millisecondsOrNever),
  stopExitCode: described('Of a container that was asked to stop', exitCode),
  terminationMessage: described('Written to the termination log when the container ends by itself', text()),
  exec: described('Commands run in it, by the command line, its first word, or "*": output, an exit code, or both', map(execAnswer)),
} as const satisfies { [F in Exclude<keyof ImageScript, 'run'>]-?: Shape<ImageScript[F]> }

export const pullError = oneOf('not found', 'unauthorized', 'unreachable')

/** What the registry knows of the image. */
const registryFields = {
  digest: described('sha256:…; made from the name when left out', text()),
  sizeBytes: integer({ min: 0 }),
  pullMs: described('How long a pull takes', milliseconds),
  pullError: described('Every pull fails', pullError),
  credentials: described('A pull without them is unauthorized', object({ username: text(), password: text() }, {})),
  user: described('The user of the image', either(integer({ min: 0 }), text())),
} as const satisfies { [F in keyof ImageOptions]-?: Shape<ImageOptions[F]> }

/** An image as JSON or YAML: its script, and beside it what the registry knows. */
export type ImageDeclaration = Omit<ImageScript, 'run'> & ImageOptions

export const imageDeclaration: Shape<ImageDeclaration> = object({}, { ...scriptFields, ...registryFields })

/** Images by name. */
export const imageDeclarations = described('Images by name', map(imageDeclaration))

/** The two halves of a declaration. */
export function splitImage(declaration: ImageDeclaration): { script: ImageScript; options: ImageOptions } {
  const entries = Object.entries(declaration)
  return {
    script: Object.fromEntries(entries.filter(([name]) => name in scriptFields)),
    options: Object.fromEntries(entries.filter(([name]) => name in registryFields)),
  }
}
