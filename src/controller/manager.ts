import type { Clock } from '#base/clock.ts'
import { Group } from '#base/group.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import type { DiscoveredResource } from '#client/discovery.ts'
import { APIEventRecorder } from '#client/events/event-recorder.ts'
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
  /** The client of the controller of that name, which acts as its service account in kube-system. */
  clientOf(controller: string): Client
  informers: InformerFactory
  discover(signal: AbortSignal): Promise<DiscoveredResource[]>
  /** The cluster's CA, published to every namespace. */
  caPEM: string
  clock: Clock
  random: Random
  log: Logger
}

/** Runs every controller until the signal is aborted. */
export async function runControllers(options: ControllerManagerOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log, informers } = options
  const contextOf = (controller: string): ControllerContext => ({
    client: options.clientOf(controller),
    informers,
    clock,
    random,
    log: log.child({ controller }),
  })
  const nodeContext = contextOf('node-controller')
  const recorderOf = (component: string) =>
    new APIEventRecorder({ client: nodeContext.client, clock, random, log: nodeContext.log, component })
  const nodeEvents = recorderOf('node-controller')
  const evictionEvents = recorderOf('taint-eviction-controller')
  const controllers: Controller[] = [
    new NamespaceController(contextOf('namespace-controller'), options.discover),
    new ServiceAccountController(contextOf('service-account-controller')),
    new RootCACertPublisher(contextOf('root-ca-cert-publisher'), options.caPEM),
    new NodeLifecycleController(nodeContext, nodeEvents),
    // Upstream's acts as the node controller, too.
    new TaintEvictionController({ ...nodeContext, log: log.child({ controller: 'taint-eviction-controller' }) }, evictionEvents),
    new PodGCController(contextOf('pod-garbage-collector')),
    new ClusterRoleAggregationController(contextOf('clusterrole-aggregation-controller')),
  ]
  await using group = new Group(signal)
  for (const events of [nodeEvents, evictionEvents]) group.spawn(inner => events.run(inner))
  for (const controller of controllers) group.spawn(inner => controller.run(inner))
  await group.wait()
}
