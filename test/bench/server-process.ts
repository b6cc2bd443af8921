import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import { type ClientConfig, clientConfigOf } from '#client/kubeconfig/load-kubeconfig.ts'

export interface ServerUsage {
  /** Of all threads. */
  cpuMicroseconds: number
  mainThreadMicroseconds: number
  /** Since `watchStalls`. */
  longestStallMs: number
}

export type ServerRequest = 'usage' | 'watch-stalls' | 'stop'
export type ServerMessage = { type: 'ready'; kubeconfig: string } | { type: 'usage'; usage: ServerUsage }

/** A cluster without nodes in a process of its own, so that what drives it does not share its event loop. */
export class ServerProcess implements AsyncDisposable {
  readonly config: ClientConfig
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, config: ClientConfig) {
    this.#child = child
    this.config = config
  }

  /** Stores in `folder`; ready when it resolves. Node options (`--cpu-prof`) go to the process. */
  static async start(folder: string, nodeOptions: readonly string[] = []): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'server-main.ts'), [folder], {
      execArgv: ['--disable-warning=ExperimentalWarning', ...nodeOptions],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const message = await messageOf(child)
    if (message.type !== 'ready') throw new Error('the server speaks before it is ready')
    return new ServerProcess(child, await clientConfigOf(await parseKubeconfig(message.kubeconfig, 'the kubeconfig of the server')))
  }

  usage(): Promise<ServerUsage> {
    return this.#ask('usage')
  }

  /** From now on the longest stall of the event loop is measured; this itself costs the server a timer a millisecond. */
  async watchStalls(): Promise<void> {
    await this.#ask('watch-stalls')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.send('stop' satisfies ServerRequest)
    await exited
  }

  async #ask(request: ServerRequest): Promise<ServerUsage> {
    const answer = messageOf(this.#child)
    this.#child.send(request)
    const message = await answer
    if (message.type !== 'usage') throw new Error('the server answers another question')
    return message.usage
  }
}

function messageOf(child: ChildProcess): Promise<ServerMessage> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the server process ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', message => {
      child.off('exit', onExit)
      resolve(message as ServerMessage)
    })
  })
}
