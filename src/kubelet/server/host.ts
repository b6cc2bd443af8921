import type { Readable } from 'node:stream'
import type { PortForwardSession } from '#apimachinery/httpstream/portforward/session.ts'
import type { RemoteCommandOptions, RemoteCommandResult, RemoteCommandSession } from '#apimachinery/httpstream/remotecommand/session.ts'
import type { ContainerLogOptions } from '../logs/log-options.ts'

export interface PodRef {
  namespace: string
  name: string
  /** When the client names it: another pod of this name is not meant. */
  uid?: string
}

export interface ContainerRef extends PodRef {
  container: string
}

export interface ExecOptions extends RemoteCommandOptions {
  command: readonly string[]
}

/** Who carries a stream: a streaming server of the runtime, or we ourselves in this process. */
export type StreamTarget<Session, Result> = { url: string } | { session(session: Session): Promise<Result> }

export type RemoteCommandTarget = StreamTarget<RemoteCommandSession, RemoteCommandResult>
export type PortForwardTarget = StreamTarget<PortForwardSession, void>

/**
 * What the kubelet's server needs from the kubelet. A method that cannot do its work rejects: with HostError for an answer of its own,
 * else the client gets 500. A session may be left (its signal aborts) at any time.
 */
export interface KubeletHost {
  /** Pods bound to this node, as API objects without kind. */
  pods(): readonly object[]
  /** What `/containerLogs` answers. The signal aborts when the client leaves. */
  containerLog(container: ContainerRef, options: ContainerLogOptions, signal: AbortSignal): Promise<Readable>
  exec(container: ContainerRef, options: ExecOptions): Promise<RemoteCommandTarget>
  attach(container: ContainerRef, options: RemoteCommandOptions): Promise<RemoteCommandTarget>
  /** @param ports what the request names; none when the client opens ports as it goes */
  portForward(pod: PodRef, ports: readonly number[]): Promise<PortForwardTarget>
  /** More GET paths (`/metrics`, `/stats/summary`, `/configz`, …). Undefined: no such path. */
  page?(path: string, query: URLSearchParams): Promise<{ contentType: string; body: string | Buffer } | undefined>
}

/** A failure with an HTTP status and a sentence for the client. */
export class HostError extends Error {
  override readonly name = 'HostError'
  readonly statusCode: number

  constructor(statusCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.statusCode = statusCode
  }
}
