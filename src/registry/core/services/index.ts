import type { ConnectContext, Resource, Strategy } from '#apiserver/registry/resource.ts'
import { defaultService } from '#api/core/v1/defaults/service.ts'
import { services } from '#api/core/v1/resources.ts'
import { isHeadless } from '#api/core/v1/service-kinds.ts'
import type { Service } from '#api/core/v1/types.gen.ts'
import { validateService, validateServiceStatusUpdate, validateServiceUpdate } from '#api/core/v1/validation/service.ts'
import { topologyAwareHintsAnnotation, topologyModeAnnotation } from '#api/core/v1/well-known.ts'
import { proxySubresource } from '../../proxy-subresource.ts'
import type { ServiceAllocation } from './allocation.ts'
import { dropLeftOvers, keepAllocated, syncClusterIPs } from './carry-over.ts'
import { serviceColumns } from './columns.ts'

export { ServiceAllocation, type ServiceAllocationOptions } from './allocation.ts'

export interface ServicesOptions {
  allocation: ServiceAllocation
  /** Hands requests on to an endpoint. `name` may be `[scheme:]service[:port]`; the path behind is `context.rest`. */
  proxy?: ((name: string, context: ConnectContext) => Promise<void>) | undefined
}

function strategyOf(allocation: ServiceAllocation): Strategy<Service> {
  return {
    applyDefaults: defaultService,
    prepareForCreate(service) {
      service.status = { loadBalancer: {} }
      syncClusterIPs(service, undefined)
    },
    validateCreate: validateService,
    warningsOnCreate: warnings,
    claim: (service, old, context) => allocation.claim(service, old, context),
    prepareForUpdate(service, old) {
      service.status = old.status ?? { loadBalancer: {} }
      syncClusterIPs(service, old)
      keepAllocated(service, old)
      dropLeftOvers(service, old)
      if (old.spec.type === 'LoadBalancer' && service.spec.type !== 'LoadBalancer') service.status = { ...service.status, loadBalancer: {} }
    },
    validateUpdate: validateServiceUpdate,
    warningsOnUpdate: warnings,
    allowCreateOnUpdate: true,
    afterDelete: service => allocation.free(service),
    resetFields: [['status']],
  }
}

/** Writes of the status claim nothing. */
const statusStrategy: Strategy<Service> = {
  applyDefaults: defaultService,
  validateCreate: validateService,
  prepareForUpdate(service, old) {
    service.spec = old.spec
  },
  validateUpdate: validateServiceStatusUpdate,
  resetFields: [['spec']],
}

function warnings(service: Service): string[] {
  const result: string[] = []
  const { metadata, spec } = service
  if (metadata.annotations?.[topologyAwareHintsAnnotation] !== undefined) {
    const key = `metadata.annotations[${topologyAwareHintsAnnotation}]`
    result.push(`${key}: please use annotations[${topologyModeAnnotation}] instead`)
  }
  if (isHeadless(service)) {
    if (spec.loadBalancerIP) result.push('spec.loadBalancerIP is ignored for headless services')
    if (spec.externalIPs?.length) result.push('spec.externalIPs is ignored for headless services')
    if (spec.sessionAffinity && spec.sessionAffinity !== 'None') result.push('spec.SessionAffinity is ignored for headless services')
  }
  if (spec.type === 'ExternalName' && spec.externalIPs?.length) {
    result.push('spec.externalIPs is ignored when spec.type is "ExternalName"')
  }
  if (spec.type !== 'ExternalName' && spec.externalName) {
    result.push('spec.externalName is ignored when spec.type is not "ExternalName"')
  }
  return result
}

export function servicesResource({ allocation, proxy }: ServicesOptions): Resource<Service> {
  return {
    info: services,
    strategy: strategyOf(allocation),
    columns: serviceColumns,
    returnsDeletedObject: true,
    selectableFields: ({ spec }) => ({ 'spec.clusterIP': spec?.clusterIP ?? '', 'spec.type': spec?.type ?? '' }),
    subresources: {
      status: { type: 'update', strategy: statusStrategy },
      ...(proxy === undefined ? {} : { proxy: proxySubresource('ServiceProxyOptions', proxy) }),
    },
  }
}
