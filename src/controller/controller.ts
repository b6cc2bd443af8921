import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { InformerFactory } from '#client/informer-factory.ts'

/** What every controller is given. Each has a client of its own, so that its writes carry its name. */
export interface ControllerContext {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
}

/** A loop that brings the cluster nearer to what its objects ask for, until the signal is aborted. */
export interface Controller {
  run(signal: AbortSignal): Promise<void>
}
