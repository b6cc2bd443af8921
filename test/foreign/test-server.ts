import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ClusterEndpoint } from '#test-server/index.ts'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { expectSuccess, type KubectlVersion, type Outcome, root, runProgram, type RunOptions } from '../e2e/cluster.ts'
import { Following } from '../e2e/following.ts'

const program = [...process.execArgv.filter(arg => !arg.startsWith('--test')), join(root, 'cmd/cox.ts'), 'test-server']

/** `cox test-server` as a foreign program sees it. It ends when its standard input does. */
export class ForeignCluster implements AsyncDisposable {
  readonly endpoint: ClusterEndpoint
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, endpoint: ClusterEndpoint) {
    this.#child = child
    this.endpoint = endpoint
  }

  static async start(...flags: string[]): Promise<ForeignCluster> {
    const child = spawn(process.execPath, [...program, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    return new ForeignCluster(child, JSON.parse(line) as ClusterEndpoint)
  }

  get environment(): Record<string, string> {
    const { kubeconfig, url, control } = this.endpoint
    return { KUBECONFIG: kubeconfig, COX_URL: url, COX_CONTROL: control, HOME: '/nonexistent' }
  }

  /** Runs stock kubectl, whatever its exit code. */
  async tryKubectl(version: KubectlVersion, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return runProgram(await ensureKubectl(version), args, { ...options, env: { ...this.environment, ...options.env } })
  }

  /** Runs stock kubectl, which must succeed. @returns its standard output */
  async kubectl(version: KubectlVersion, args: readonly string[], options: RunOptions = {}): Promise<string> {
    return expectSuccess(await this.tryKubectl(version, args, options), `kubectl ${args.join(' ')}`).stdout
  }

  /** Starts stock kubectl, which goes on until it is disposed. */
  async follow(version: KubectlVersion, args: readonly string[]): Promise<Following> {
    return new Following(await ensureKubectl(version), args, this.environment)
  }

  /** Asks the control API, which must do it. */
  async control<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(this.endpoint.control + path, { method, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    return JSON.parse(text) as T
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end()
    if (this.#child.exitCode === null) await once(this.#child, 'exit')
    assert.equal(this.#child.exitCode, 0)
  }
}
