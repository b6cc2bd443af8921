import type { Clock } from '#base/clock.ts'
import type { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { discoverResources } from '#client/discovery.ts'
import { APIEventRecorder, type RecorderState } from '#client/events/event-recorder.ts'
import { InformerFactory, type InformersState } from '#client/informer-factory.ts'
import { ControllerManager, type ControllerManagerState, type ControllerName } from '#controller/manager.ts'
import type { ControlPlane } from '#controlplane/control-plane.ts'
import { defaultSchedulerName, Scheduler, type SchedulerState } from '#scheduler/scheduler.ts'

export interface ComponentsOptions {
  controlPlane: ControlPlane
  controllers: readonly ControllerName[]
  /** Published to every namespace. */
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}

/** What the loops beside the server know beyond the API. */
export interface ComponentsState {
  informers: InformersState
  controllers: ControllerManagerState
  scheduler: SchedulerState
  schedulerEvents: RecorderState
}

const managerProgram = 'kube-controller-manager'
const managerUser = { name: 'system:kube-controller-manager', groups: ['system:masters'] }

/** The loops beside the server, each under its own identity. */
export class Components {
  /** What they read of the API, for others to read too. */
  readonly informers: InformerFactory
  readonly #controllers: ControllerManager
  readonly #scheduler: Scheduler
  readonly #schedulerEvents: APIEventRecorder

  /** @param state of components that these take the place of */
  constructor(options: ComponentsOptions, state?: ComponentsState) {
    const { controlPlane, controllers, caPEM, clock, random } = options
    const managerTransport = controlPlane.transportOf(managerUser, managerProgram)
    const log = options.log.child({ component: 'informers' })
    const client = controlPlane.clientOf(managerUser, managerProgram)
    const informers = new InformerFactory({ client, clock, random, log }, state?.informers)
    this.informers = informers
    const clientOf = (controller: string, part?: string) =>
      controlPlane.clientOf(
        {
          name: `system:serviceaccount:kube-system:${controller}`,
          groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
        },
        managerProgram,
        part,
      )
    const discover = (signal: AbortSignal) => discoverResources(managerTransport, signal)
    const manager = { controllers, clientOf, informers, discover, caPEM, clock, random, log: options.log }
    this.#controllers = new ControllerManager(manager, state?.controllers)

    const common = {
      client: controlPlane.clientOf({ name: 'system:kube-scheduler', groups: [] }, 'kube-scheduler'),
      clock,
      random,
      log: options.log.child({ component: 'scheduler' }),
    }
    const events = new APIEventRecorder({ ...common, component: defaultSchedulerName }, state?.schedulerEvents)
    this.#schedulerEvents = events
    this.#scheduler = new Scheduler({ ...common, informers, events }, state?.scheduler)
  }

  /** A copy. @param resourceVersion see `InformerFactory.stateAt` */
  stateAt(resourceVersion: string | undefined): ComponentsState {
    return {
      informers: this.informers.stateAt(resourceVersion),
      controllers: this.#controllers.state,
      scheduler: this.#scheduler.state,
      schedulerEvents: this.#schedulerEvents.state,
    }
  }

  /** @param tasks the loops are tasks of the cluster: one that breaks ends it */
  run(tasks: Group): void {
    tasks.spawn(signal => this.#controllers.run(signal))
    tasks.spawn(signal => this.#schedulerEvents.run(signal))
    tasks.spawn(signal => this.#scheduler.run(signal))
    tasks.spawn(signal => this.informers.run(signal))
  }
}
