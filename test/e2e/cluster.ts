import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext } from 'node:test'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { Following } from './following.ts'

export const root = join(import.meta.dirname, '../..')
export const kubectlVersions = ['1.20', '1.32', '1.36'] as const
export type KubectlVersion = (typeof kubectlVersions)[number]

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  input?: string | Buffer
  env?: Record<string, string>
  /** Kills the program after this long; a test that needs it has failed. */
  limitMs?: number
  folder?: string
}

/** Runs a program to its end. */
export function runProgram(
  command: string,
  args: readonly string[],
  { input, env, limitMs = 120_000, folder = root }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, ...env }, timeout: limitMs, killSignal: 'SIGKILL' })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', chunk => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', chunk => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code: code ?? -1, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** A cluster of its own for one test file: own data folder, ports and kubeconfig, brought up by the program as a user would. */
export class TestCluster {
  readonly folder: string
  readonly apiPort: number
  readonly kubeconfig: string

  constructor(folder: string, apiPort: number) {
    this.folder = folder
    this.apiPort = apiPort
    this.kubeconfig = join(folder, 'kubeconfig')
  }

  get dataFolder(): string {
    return join(this.folder, 'data')
  }

  cox(args: readonly string[], options?: RunOptions): Promise<Outcome> {
    return runProgram('./cox', args, options)
  }

  async up(...extra: string[]): Promise<Outcome> {
    const flags = [
      '--data-dir',
      this.dataFolder,
      '--kubeconfig',
      this.kubeconfig,
      '--api-port',
      String(this.apiPort),
      '--offline',
      '--detach',
    ]
    return expectSuccess(await this.cox(['up', ...flags, ...extra], { limitMs: 280_000 }), 'cox up')
  }

  async down(...extra: string[]): Promise<Outcome> {
    return expectSuccess(await this.cox(['down', '--data-dir', this.dataFolder, ...extra]), 'cox down')
  }

  /** Runs stock kubectl, whatever its exit code. */
  async tryKubectl(version: KubectlVersion, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const program = await ensureKubectl(version)
    return runProgram(program, args, { ...options, env: { KUBECONFIG: this.kubeconfig, HOME: this.folder, ...options.env } })
  }

  /** Runs stock kubectl, which must succeed; returns its standard output. */
  async kubectl(version: KubectlVersion, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return expectSuccess(await this.tryKubectl(version, args, options), `kubectl ${args.join(' ')}`).stdout
  }

  /** Starts stock kubectl, which goes on until it is disposed. */
  async follow(version: KubectlVersion, args: readonly string[]): Promise<Following> {
    return new Following(await ensureKubectl(version), args, { KUBECONFIG: this.kubeconfig, HOME: this.folder })
  }

  /** One field of an object, by JSONPath without braces; '' when there is none. */
  jsonPath(resource: string, path: string, ...args: string[]): Promise<string> {
    return this.kubectl('1.36', ['get', resource, '-o', `jsonpath={${path}}`, ...args])
  }

  /** Waits for a state by watching, not by asking again: `kubectl wait`. */
  async waitFor(resource: string, condition: string, ...args: string[]): Promise<void> {
    await this.kubectl('1.36', ['wait', resource, `--for=${condition}`, '--timeout=90s', ...args])
  }
}

export function expectSuccess(outcome: Outcome, what: string): Outcome {
  assert.equal(outcome.code, 0, `${what} ended with ${outcome.code}\n${outcome.stdout}\n${outcome.stderr}`)
  return outcome
}

/** A TCP port that nobody uses now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/**
 * Brings a cluster up before the tests of this file, with `prepare` for what they share, and removes every trace of it after them. One
 * hook does both: hooks of a file do not wait for one another.
 */
export function useCluster(
  upFlags: readonly string[] = [],
  prepare: (cluster: TestCluster) => Promise<void> | void = () => {},
): TestCluster {
  let cluster: TestCluster | undefined
  before(
    async () => {
      cluster = await newTestCluster()
      await cluster.up(...upFlags)
      await prepare(cluster)
    },
    { timeout: 290_000 },
  )
  after(async () => {
    if (cluster === undefined) return
    await cluster.down('--delete')
    await rm(cluster.folder, { recursive: true, force: true })
  })
  return new Proxy({} as TestCluster, {
    get(_, name) {
      assert.ok(cluster !== undefined, 'the cluster is used inside tests only')
      const value = Reflect.get(cluster, name, cluster)
      return typeof value === 'function' ? value.bind(cluster) : value
    },
  })
}

/** A cluster for one test, which removes it whatever becomes of it. */
export async function ownCluster(context: TestContext): Promise<TestCluster> {
  const cluster = await newTestCluster()
  context.after(async () => {
    await cluster.cox(['down', '--data-dir', cluster.dataFolder, '--delete'])
    await rm(cluster.folder, { recursive: true, force: true })
  })
  return cluster
}

export async function newTestCluster(): Promise<TestCluster> {
  return new TestCluster(await mkdtemp(join(tmpdir(), 'cox-e2e-')), await freePort())
}

/** Columns of a kubectl table: one record a line, by heading. */
export function parseTable(text: string): Record<string, string>[] {
  const [heading = '', ...lines] = text.trimEnd().split('\n')
  const columns = [...heading.matchAll(/\S+(?: \S+)*\s*/g)].map(match => ({ name: match[0].trim(), start: match.index }))
  return lines.map(line =>
    Object.fromEntries(columns.map(({ name, start }, index) => [name, line.slice(start, columns[index + 1]?.start).trim()])),
  )
}
