import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { DiscoveredResource } from '#client/discovery.ts'
import { APIEventRecorder, type EventRecorder, type RecorderState } from '#client/events/event-recorder.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import type { Controller, ControllerContext, ControllerState } from './controller.ts'
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
  contextOf(serviceAccount: string, part?: string): ControllerContext<never>
  /** Its events, which name it so. */
  eventsOf(context: Pick<ControllerContext, 'client'>, component: string): EventRecorder
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

/** What the controllers know beyond the API. */
export interface ControllerManagerState {
  controllers: ReadonlyMap<ControllerName, ControllerState>
  /** By the component that the events name. */
  events: ReadonlyMap<string, RecorderState>
}

/** The controllers of a cluster, and their events. */
export class ControllerManager {
  readonly #controllers = new Map<ControllerName, Controller>()
  readonly #events = new Map<string, APIEventRecorder>()

  /** @param state of a manager that this one takes the place of */
  constructor(options: ControllerManagerOptions, state?: ControllerManagerState) {
    const { clock, random, informers, clientOf, discover, caPEM } = options
    for (const name of options.controllers) {
      const log = options.log.child({ controller: name })
      const contextOf = (serviceAccount: string, part?: string) => ({
        client: clientOf(serviceAccount, part),
        informers,
        clock,
        random,
        log,
        // Each gets what one of its own name has given.
        state: state?.controllers.get(name) as ControllerState<never> | undefined,
      })
      const eventsOf = ({ client }: Pick<ControllerContext, 'client'>, component: string) => {
        const events = new APIEventRecorder({ client, clock, random, log, component }, state?.events.get(component))
        this.#events.set(component, events)
        return events
      }
      this.#controllers.set(name, controllers[name]({ contextOf, eventsOf, discover, caPEM }))
    }
  }

  /** A copy. */
  get state(): ControllerManagerState {
    return { controllers: statesOf(this.#controllers), events: statesOf(this.#events) }
  }

  /** Runs them until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await using group = new Group(signal)
    for (const events of this.#events.values()) group.spawn(inner => events.run(inner))
    for (const controller of this.#controllers.values()) group.spawn(inner => controller.run(inner))
    await group.wait()
  }
}

function statesOf<K, S>(parts: ReadonlyMap<K, { readonly state: S }>): Map<K, S> {
  return new Map([...parts].map(([key, { state }]) => [key, state]))
}
