import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClientConfig, clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import { type ClusterFolder, clusterFolder } from '#cluster/cluster-folder.ts'
import { queryControlStatus } from '#cluster/control-socket.ts'
import { freePort } from '#cluster/machine.ts'

const root = join(import.meta.dirname, '../..')
const limitMs = 240_000

/** A cluster of this machine brought up by the program, in a folder of its own; disposing removes every trace of it. */
export class MachineCluster implements AsyncDisposable {
  readonly #folder: string
  readonly #apiPort: number

  private constructor(folder: string, apiPort: number) {
    this.#folder = folder
    this.#apiPort = apiPort
  }

  /** Nothing runs yet. */
  static async create(): Promise<MachineCluster> {
    return new MachineCluster(await mkdtemp(join(tmpdir(), 'coxswain-bench-')), await freePort(0))
  }

  get folder(): Promise<ClusterFolder> {
    return clusterFolder(this.#dataFolder)
  }

  get #dataFolder(): string {
    return join(this.#folder, 'data')
  }

  get #kubeconfig(): string {
    return join(this.#folder, 'kubeconfig')
  }

  /** Runs `cox up --detach`; returns what it printed and how long the whole command took. */
  async up(...flags: string[]): Promise<{ tookMs: number; output: string }> {
    const own = ['--data-dir', this.#dataFolder, '--kubeconfig', this.#kubeconfig, '--api-port', String(this.#apiPort)]
    return runCox('up', ...own, '--offline', '--detach', ...flags)
  }

  async down(...flags: string[]): Promise<{ tookMs: number }> {
    return runCox('down', '--data-dir', this.#dataFolder, ...flags)
  }

  async config(): Promise<ClientConfig> {
    return clientConfigOf(await loadKubeconfig([this.#kubeconfig]))
  }

  /** Process ID of the cluster's process. */
  async pid(): Promise<number> {
    const status = await queryControlStatus((await this.folder).controlSocket)
    if (status === undefined) throw new Error('the cluster does not run')
    return status.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down('--delete').catch(error => {
      // It never came so far that there was anything to remove.
      if (!String(error).includes('no cluster in')) throw error
    })
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Runs the program to its end. */
export async function runCox(...args: string[]): Promise<{ tookMs: number; output: string }> {
  const began = performance.now()
  const child = spawn('./cox', args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`cox ${args[0]} ended with ${code}: ${output}`)
  return { tookMs: performance.now() - began, output }
}
