import type { Clock } from '#base/clock.ts'
import type { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { discoverResources } from '#client/discovery.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
import { InformerFactory } from '#client/informer-factory.ts'
import { type ControllerName, runControllers } from '#controller/manager.ts'
import type { ControlPlane } from '#controlplane/control-plane.ts'
import { defaultSchedulerName, Scheduler } from '#scheduler/scheduler.ts'

export interface ComponentsOptions {
  controlPlane: ControlPlane
  controllers: readonly ControllerName[]
  /** Published to every namespace. */
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}

const managerProgram = 'kube-controller-manager'
const managerUser = { name: 'system:kube-controller-manager', groups: ['system:masters'] }

/** The loops beside the server, each under its own identity. */
export class Components {
  /** What they read of the API, for others to read too. */
  readonly informers: InformerFactory
  readonly #options: ComponentsOptions

  constructor(options: ComponentsOptions) {
    const { controlPlane, clock, random, log } = options
    this.#options = options
    const client = controlPlane.clientOf(managerUser, managerProgram)
    this.informers = new InformerFactory({ client, clock, random, log: log.child({ component: 'informers' }) })
  }

  /** @param tasks the loops are tasks of the cluster: one that breaks ends it */
  run(tasks: Group): void {
    const { informers } = this
    const { controlPlane, controllers, caPEM, clock, random, log } = this.#options
    const managerTransport = controlPlane.transportOf(managerUser, managerProgram)
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
    tasks.spawn(signal => runControllers({ controllers, clientOf, informers, discover, caPEM, clock, random, log }, signal))

    const schedulerLog = log.child({ component: 'scheduler' })
    const schedulerClient = controlPlane.clientOf({ name: 'system:kube-scheduler', groups: [] }, 'kube-scheduler')
    const events = new APIEventRecorder({ client: schedulerClient, clock, random, log: schedulerLog, component: defaultSchedulerName })
    const scheduler = new Scheduler({ client: schedulerClient, informers, events, clock, random, log: schedulerLog })
    tasks.spawn(signal => events.run(signal))
    tasks.spawn(signal => scheduler.run(signal))
    tasks.spawn(signal => informers.run(signal))
  }
}
