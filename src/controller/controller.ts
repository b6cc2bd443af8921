import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import type { WorkQueueState } from '#client/workqueue.ts'

/** What every controller is given. Each has a client of its own, so that its writes carry its name. */
export interface ControllerContext<M = unknown> {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
  /** Of a controller that this one takes the place of: it knows what the informers hold, and goes on from there. */
  state?: ControllerState<M> | undefined
}

/** What a controller knows beyond the API. */
export interface ControllerState<M = unknown> {
  queue: WorkQueueState<string>
  /** What it remembers by key; the values never change. */
  memory?: ReadonlyMap<string, M>
}

/** A loop that brings the cluster nearer to what its objects ask for, until the signal is aborted. */
export interface Controller<M = unknown> {
  /** A copy. */
  readonly state: ControllerState<M>
  run(signal: AbortSignal): Promise<void>
}
