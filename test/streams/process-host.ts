import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { servePortForward } from '../../src/apimachinery/httpstream/portforward/session.ts'
import type { RemoteCommandResult, RemoteCommandSession } from '../../src/apimachinery/httpstream/remotecommand/session.ts'
import type { ContainerLogOptions } from '../../src/kubelet/logs/log-options.ts'
import { readContainerLog } from '../../src/kubelet/logs/read-container-log.ts'
import {
  type ContainerRef,
  type ExecOptions,
  HostError,
  type KubeletHost,
  type PodRef,
  type PortForwardTarget,
  type RemoteCommandTarget,
} from '../../src/kubelet/server/host.ts'

export const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: '11111111-2222-3333-4444-555555555555' },
  spec: { nodeName: 'node', containers: [{ name: 'main', image: 'x', stdin: true, tty: false }] },
  status: { phase: 'Running', containerStatuses: [{ name: 'main', ready: true, state: { running: {} } }] },
}

/** A kubelet whose one container is this machine: exec runs local processes, port-forward reaches local ports. */
export class ProcessHost implements KubeletHost {
  readonly #logPath: string

  constructor(logPath: string) {
    this.#logPath = logPath
  }

  pods(): readonly object[] {
    const { kind: _kind, apiVersion: _apiVersion, ...rest } = pod
    return [rest]
  }

  containerLog(container: ContainerRef, options: ContainerLogOptions, signal: AbortSignal): Promise<Readable> {
    this.#check(container)
    const containerEnded = AbortSignal.any([])
    return readContainerLog({ path: this.#logPath, containerEnded }, options, signal)
  }

  async exec(container: ContainerRef, { command }: ExecOptions): Promise<RemoteCommandTarget> {
    this.#check(container)
    return { session: session => run(command, session) }
  }

  async attach(container: ContainerRef): Promise<RemoteCommandTarget> {
    this.#check(container)
    return { session: session => run(['sh', '-c', 'echo attached; exec cat'], session) }
  }

  async portForward(ref: PodRef): Promise<PortForwardTarget> {
    this.#check(ref)
    return {
      session: session =>
        servePortForward(session, { name: ref.name, uid: pod.metadata.uid }, async port => {
          const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
          await once(socket, 'connect')
          return socket
        }),
    }
  }

  #check({ name, namespace }: PodRef): void {
    if (name !== pod.metadata.name || namespace !== pod.metadata.namespace) throw new HostError(404, 'pod does not exist')
  }
}

async function run(command: readonly string[], session: RemoteCommandSession): Promise<RemoteCommandResult> {
  if (command[0] === 'terminal-sizes') return printSizes(session)
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
  session.signal.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  child.stdin.on('error', () => {})
  if (session.stdin === undefined) child.stdin.end()
  else session.stdin.pipe(child.stdin)
  child.stdout.pipe(session.stdout ?? new PassThrough().resume())
  child.stderr.pipe(session.stderr ?? session.stdout ?? new PassThrough().resume(), { end: session.stderr !== undefined })
  const [code] = (await once(child, 'close')) as [number | null]
  return { exitCode: code ?? 137 }
}

/** Prints the first terminal size, then echoes one line of input. */
async function printSizes(session: RemoteCommandSession): Promise<RemoteCommandResult> {
  for await (const { width, height } of session.resizes) {
    session.stdout!.write(`tty=${session.options.tty} ${width}x${height}\r\n`)
    break
  }
  return { exitCode: 0 }
}
