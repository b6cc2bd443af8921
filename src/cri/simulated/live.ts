import type { Duplex, Writable } from 'node:stream'
import type { Timer } from '#base/clock.ts'
import type { AsyncQueue } from '#base/async-queue.ts'
import type { LogWriter } from './log-writer.ts'
import type { PortListener } from './network.ts'
import type { Terminal } from './terminal.ts'

/** The program of a running container, as far as something is under way in it. */
export interface Process {
  /** The stop signal was sent. */
  stop(signal: string): void
  /** The container has ended: give up what is held. */
  dispose(): void
}

/** What reads a container's output beside its log. */
export interface Attached {
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
}

/** What only some running containers need; gone when the container ends. */
export class Live {
  process: Process | undefined
  stopSignaled = false
  /** Nobody was told yet that the container was started. */
  isStartUntold = false
  /** It is killed when the first of these fires: the grace periods of calls that stop it. */
  readonly killTimers = new Set<Timer>()
  /** That of the call that a copy does not go on with: whoever stops the container again takes it over. */
  resumedKill: Timer | undefined
  logs: { readonly stdout: LogWriter; readonly stderr: LogWriter } | undefined
  attached: Set<Attached> | undefined
  stdin: AsyncQueue<Uint8Array> | undefined
  /** In place of `stdin`, where the container has a terminal. */
  terminal: Terminal | undefined
  ports: Map<number, PortListener> | undefined
  /** Open connections to the ports. */
  connections: Set<Duplex> | undefined
  /** Files that the container has written outside its mounts. */
  files: Map<string, Uint8Array> | undefined
  memoryBytes: number | undefined
  cores: number | undefined
  /** Called when the container has ended. */
  readonly onEnd = new Set<() => void>()
}
