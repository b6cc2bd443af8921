import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { DiscoveredResource } from '#client/discovery.ts'
import { APIEventRecorder, type EventRecorder } from '#client/events/event-recorder.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import type { Controller, ControllerContext } from './controller.ts'
import { ClusterRoleAggregationController } from './clusterroleaggregation/clusterrole-aggregation-controller.ts'
import { NamespaceController } from './namespace/namespace-controller.ts'
import { NodeLifecycleController } from './nodelifecycle/node-lifecycle-controller.ts'
import { PodGCController } from './podgc/podgc-controller.ts'
import { RootCACertPublisher } from './rootcacertpublisher/root-ca-cert-publisher.ts'
import { ServiceAccountController } from './serviceaccount/serviceaccount-controller.ts'
import { TaintEvictionController } from './tainteviction/taint-eviction-controller.ts'

export interface ControllerManagerOptions {
  /** Those that run. */
  controllers: readonly ControllerName[]
  /**
   * The client of the controller of that name, which acts as its service account in kube-system.
   * @param part of that controller, when it has several: named in the user agent
   */
  clientOf(controller: string, part?: string): Client
  informers: InformerFactory
  discover(signal: AbortSignal): Promise<DiscoveredResource[]>
  /** The cluster's CA, published to every namespace. */
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}

/** What a controller is made of. */
interface ControllerParts {
  /** What it is given; it acts as the service account of that name, perhaps as one part of several. */
  contextOf(serviceAccount: string, part?: string): ControllerContext
  /** Its events, which name it so. */
  eventsOf(context: ControllerContext, component: string): EventRecorder
  discover: ControllerManagerOptions['discover']
  caPEM: string
}

/** Every controller, by the name that upstream's `--controllers` has for it. */
const controllers = {
  'namespace-controller': ({ contextOf, discover }) => new NamespaceController(contextOf('namespace-controller'), discover),
  'serviceaccount-controller': ({ contextOf }) => new ServiceAccountController(contextOf('service-account-controller')),
  'root-ca-certificate-publisher-controller': ({ contextOf, caPEM }) => new RootCACertPublisher(contextOf('root-ca-cert-publisher'), caPEM),
  'node-lifecycle-controller': ({ contextOf, eventsOf }) => {
    const context = contextOf('node-controller')
    return new NodeLifecycleController(context, eventsOf(context, 'node-controller'))
  },
  'taint-eviction-controller': ({ contextOf, eventsOf }) => {
    // Upstream's acts as the node controller, too.
    const context = contextOf('node-controller', 'taint-eviction-controller')
    return new TaintEvictionController(context, eventsOf(context, 'taint-eviction-controller'))
  },
  'pod-garbage-collector-controller': ({ contextOf }) => new PodGCController(contextOf('pod-garbage-collector')),
  'clusterrole-aggregation-controller': ({ contextOf }) =>
    new ClusterRoleAggregationController(contextOf('clusterrole-aggregation-controller')),
} satisfies Record<string, (parts: ControllerParts) => Controller>

export type ControllerName = keyof typeof controllers

export const controllerNames = Object.keys(controllers) as ControllerName[]

/** Runs controllers until the signal is aborted. */
export async function runControllers(options: ControllerManagerOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log, informers, clientOf, discover, caPEM } = options
  await using group = new Group(signal)
  for (const name of options.controllers) {
    const controllerLog = log.child({ controller: name })
    const contextOf = (serviceAccount: string, part?: string) => {
      const client = clientOf(serviceAccount, part)
      return { client, informers, clock, random, log: controllerLog }
    }
    const eventsOf = ({ client }: ControllerContext, component: string) => {
      const events = new APIEventRecorder({ client, clock, random, log: controllerLog, component })
      group.spawn(inner => events.run(inner))
      return events
    }
    const controller: Controller = controllers[name]({ contextOf, eventsOf, discover, caPEM })
    group.spawn(inner => controller.run(inner))
  }
  await group.wait()
}
