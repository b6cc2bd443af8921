import type { TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import type { Authorizer } from '#apiserver/authorization/authorizer.ts'
import type { RuleResolver } from '#apiserver/authorization/rbac/rule-resolver.ts'
import type { ConnectContext, Resource } from '#apiserver/registry/resource.ts'
import { selfSubjectReviewsResource, tokenReviewsResource } from './authentication/index.ts'
import { accessReviewResources } from './authorization/index.ts'
import { leasesResource } from './coordination/leases/index.ts'
import { configMapsResource } from './core/configmaps/index.ts'
import { endpointsResource } from './core/endpoints/index.ts'
import { eventsResource } from './core/events/index.ts'
import { namespacesResource } from './core/namespaces/index.ts'
import { nodesResource } from './core/nodes/index.ts'
import { type PodConnectHandlers, podsResource } from './core/pods/index.ts'
import { secretsResource } from './core/secrets/index.ts'
import { serviceAccountsResource } from './core/serviceaccounts/index.ts'
import { type ServiceAllocation, servicesResource } from './core/services/index.ts'
import { endpointSlicesResource } from './discovery/endpointslices/index.ts'
import { clusterRoleBindingsResource, clusterRolesResource, roleBindingsResource, rolesResource } from './rbac/index.ts'

/** What the built-in kinds need from the server around them. */
export interface ResourceDependencies {
  /** Reaches into pods. */
  connect: PodConnectHandlers
  /** Hands requests for `nodes/NAME/proxy` on to the kubelet. Left out: nodes have no such subresource. */
  proxyNode?: (name: string, context: ConnectContext) => Promise<void>
  /** Hands requests for `services/NAME/proxy` on to an endpoint. Left out: services have no such subresource. */
  proxyService?: (name: string, context: ConnectContext) => Promise<void>
  tokenIssuer: TokenIssuer
  authorizer: Authorizer
  resolver: RuleResolver
  /** Must be reloaded with the stored services before the first request. */
  serviceAllocation: ServiceAllocation
}

/** Every kind that the server has from the start. */
export function builtinResources(dependencies: ResourceDependencies): Resource[] {
  const { connect, proxyNode, proxyService, tokenIssuer, authorizer, resolver, serviceAllocation } = dependencies
  const resources = [
    podsResource({ connect }),
    namespacesResource,
    nodesResource({ proxy: proxyNode }),
    servicesResource({ allocation: serviceAllocation, proxy: proxyService }),
    configMapsResource,
    secretsResource,
    serviceAccountsResource({ issuer: tokenIssuer }),
    endpointsResource,
    eventsResource,
    leasesResource,
    endpointSlicesResource,
    rolesResource,
    clusterRolesResource,
    roleBindingsResource,
    clusterRoleBindingsResource,
    selfSubjectReviewsResource,
    tokenReviewsResource(tokenIssuer),
    ...accessReviewResources(authorizer, resolver),
  ]
  // Each declaration is about its own kind; the server hands it objects of no other.
  return resources as unknown as Resource[]
}
