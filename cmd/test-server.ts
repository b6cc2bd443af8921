import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'
import { parseYAML, YAMLError } from '#apimachinery/codec/yaml.ts'
import type { ClusterOptions } from '#cluster/index.ts'
import {
  type ClusterEndpoint,
  type ImageDeclaration,
  imageDeclaration,
  imageDeclarations,
  nodeGroup,
  readShape,
  type Shape,
  ShapeError,
  TestServer,
} from '#test-server/index.ts'
import { type FlagDefinitions, describeFlags, type Flags, parseFlags, UsageError } from './flags.ts'
import { type Lifeline, lifelineOn } from './lifeline.ts'
import { openLog } from './log.ts'

const definitions = {
  nodes: {
    type: 'strings',
    placeholder: 'N|YAML',
    description:
      'Simulated nodes: a number, or "{count: 2, labels: {zone: a}, capacity: {cpu: 4}}"; may be given several times (default 1)',
  },
  clock: {
    type: 'string',
    placeholder: 'real|virtual',
    description: 'virtual: time moves only when the control API says so (default real)',
  },
  seed: { type: 'number', placeholder: 'N', description: 'The same names, UIDs and choices in every run' },
  image: { type: 'strings', placeholder: 'NAME=YAML', description: 'What an image does, such as "web={readyAfterMs: 3000}"' },
  images: { type: 'strings', placeholder: 'FILE', description: 'The same from a YAML or JSON file: scripts by name' },
  'unknown-images': { type: 'string', placeholder: 'run|not-found', description: 'Images that nobody described (default run)' },
  storage: { type: 'string', placeholder: 'memory|DIR', description: 'Where the state is kept (default memory)' },
  port: { type: 'number', placeholder: 'N', description: 'Port of the API server (default any free one)' },
  output: { type: 'string', short: 'o', placeholder: 'json|env', description: 'One line of JSON, or NAME=value lines (default json)' },
  lifeline: { type: 'number', placeholder: 'FD', description: 'End when this descriptor ends (default 0, if it is a pipe)' },
} satisfies FlagDefinitions

/** Ctrl-C, a polite request, and a terminal that was closed. */
const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type TestServerFlags = Flags<typeof definitions>

export function usage(): string {
  return `Usage: cox test-server [flags] [-- COMMAND [arg…]]

Runs a whole cluster with simulated nodes in this process, for tests in any language. Needs neither root nor Linux nor a data folder.
When the nodes are Ready it prints how to reach the API and the control API, then serves until its standard input ends (a pipe whose
other end the parent holds; so it ends with its parent), until SIGTERM or SIGINT, or until the control API says so.

With a COMMAND it runs that instead, with KUBECONFIG, COX_URL and COX_CONTROL in its environment, and ends with it and its exit code.

${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const { flags, rest: command } = parseFlags(args, definitions)
  const hasCommand = args.includes('--')
  if (!hasCommand && command.length > 0) throw new UsageError(`unexpected argument "${command[0]}"; a command comes after "--"`)
  if (hasCommand && command.length === 0) throw new UsageError('there is no command after "--"')
  const output = choiceOf(flags, 'output', ['json', 'env'])
  const options = { cluster: clusterOptions(flags), images: await imagesOf(flags), log: openLog({ level: 'warn' }) }
  // The command reads the standard input itself.
  using end = awaitEnd(hasCommand && flags.lifeline === undefined ? undefined : lifelineOf(flags))
  await using server = await TestServer.start(options)
  if (hasCommand) return await runCommand(command, server, end.wanted)
  process.stdout.write(output === 'env' ? envLines(server.endpoint) : `${JSON.stringify(server.endpoint)}\n`)
  await Promise.race([server.stopped, end.wanted])
  return 0
}

/** @throws UsageError */
function clusterOptions(flags: TestServerFlags): ClusterOptions {
  const { seed, port, storage = 'memory' } = flags
  if (port !== undefined && (port < 1 || port > 65_535)) throw new UsageError(`invalid argument "${port}" for "--port": must be 1 to 65535`)
  return {
    nodes: (flags.nodes ?? ['1']).flatMap(text => (/^\d+$/.test(text) ? nodesOf(Number(text)) : [shaped('nodes', text, nodeGroup)])),
    clock: choiceOf(flags, 'clock', ['real', 'virtual']),
    images: { unknown: choiceOf(flags, 'unknown-images', ['run', 'not-found']) === 'run' ? 'run' : 'not found' },
    ...(seed !== undefined && { seed }),
    ...(port !== undefined && { api: { port } }),
    ...(storage !== 'memory' && { storage: { sqlite: join(resolve(storage), 'storage') }, pkiFolder: join(resolve(storage), 'pki') }),
  }
}

function nodesOf(count: number): { count: number }[] {
  return count === 0 ? [] : [{ count }]
}

/** The first is what a flag is when it is left out. @throws UsageError */
function choiceOf<const V extends string>(flags: TestServerFlags, name: 'output' | 'clock' | 'unknown-images', values: readonly V[]): V {
  const value = flags[name] ?? values[0]!
  if (!values.includes(value as V)) throw new UsageError(`invalid argument "${value}" for "--${name}": must be ${values.join(' or ')}`)
  return value as V
}

/** Later ones count. @throws UsageError */
async function imagesOf(flags: TestServerFlags): Promise<Record<string, ImageDeclaration>> {
  const fromFiles = await Promise.all(
    (flags.images ?? []).map(async file => {
      const text = await readFile(file, 'utf8').catch(cause => {
        throw new Error(`cannot read "${file}"`, { cause })
      })
      return shaped('images', text, imageDeclarations, file)
    }),
  )
  const single = (flags.image ?? []).map(argument => {
    const [name = '', ...rest] = argument.split('=')
    if (name === '' || rest.length === 0) throw new UsageError(`invalid argument "${argument}" for "--image": must be NAME=YAML`)
    return { [name]: shaped('image', rest.join('='), imageDeclaration) }
  })
  return Object.assign({}, ...fromFiles, ...single) as Record<string, ImageDeclaration>
}

/** @param shown in messages: the argument, or the file that it names @throws UsageError */
function shaped<T>(flag: string, text: string, shape: Shape<T>, shown = text): T {
  try {
    return readShape(shape, parseYAML(text)[0] ?? {})
  } catch (error) {
    if (error instanceof ShapeError || error instanceof YAMLError) {
      throw new UsageError(`invalid argument "${shown}" for "--${flag}": ${error.message}`)
    }
    throw error
  }
}

/** @throws UsageError */
function lifelineOf({ lifeline }: TestServerFlags): Lifeline | undefined {
  if (lifeline === undefined) return lifelineOn(0)
  const found = lifelineOn(lifeline)
  if (found === undefined) throw new UsageError(`invalid argument "${lifeline}" for "--lifeline": must be a pipe or socket that is open`)
  return found
}

interface End extends Disposable {
  /** Resolves with the first reason to end: a signal, or nothing when the lifeline ended. */
  wanted: Promise<NodeJS.Signals | undefined>
}

/** A second signal ends the process at once. */
function awaitEnd(lifeline: Lifeline | undefined): End {
  const { promise: signalled, resolve: onSignal } = Promise.withResolvers<NodeJS.Signals>()
  for (const signal of endSignals) process.once(signal, onSignal)
  return {
    wanted: Promise.race([signalled, ...(lifeline === undefined ? [] : [lifeline.ended.then(() => undefined)])]),
    [Symbol.dispose]() {
      for (const signal of endSignals) process.off(signal, onSignal)
      lifeline?.[Symbol.dispose]()
    },
  }
}

/** @returns the exit code of the command, as a shell tells it */
async function runCommand([program, ...args]: readonly string[], server: TestServer, wanted: End['wanted']): Promise<number> {
  const child = spawn(program!, args, { stdio: 'inherit', env: { ...process.env, ...environmentOf(server.endpoint) } })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const forward = (signal: NodeJS.Signals | undefined) => {
    // Ctrl-C reaches the command by itself.
    if (signal !== 'SIGINT') child.kill(signal)
    return exited
  }
  try {
    // A cluster that broke is an error; one that was stopped waits for its command.
    const [code, signal] = await Promise.race([exited, server.stopped.then(() => exited), wanted.then(forward)])
    return code ?? 128 + constants.signals[signal!]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`there is no program "${program}"`)
  } finally {
    child.kill()
  }
}

function environmentOf({ kubeconfig, url, control }: ClusterEndpoint): Record<string, string> {
  return { KUBECONFIG: kubeconfig, COX_URL: url, COX_CONTROL: control }
}

/** For `eval` of a shell. */
function envLines(endpoint: ClusterEndpoint): string {
  return Object.entries(environmentOf(endpoint))
    .map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('')
}
