import type { Resource } from '#apiserver/registry/resource.ts'
import { pods } from '#api/core/v1/resources.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { binding } from './binding.ts'
import { podColumns } from './columns.ts'
import { connectSubresources, type PodConnectHandlers } from './connect.ts'
import { ephemeralContainersStrategy } from './ephemeral-containers-strategy.ts'
import { eviction } from './eviction.ts'
import { resizeStrategy } from './resize-strategy.ts'
import { podStatusStrategy } from './status-strategy.ts'
import { podStrategy } from './strategy.ts'

export type { ContainerTarget, PodConnectHandlers } from './connect.ts'

/** Pods in the server. `connect` reaches into their containers. */
export function podsResource({ connect }: { connect: PodConnectHandlers }): Resource<Pod> {
  return {
    info: pods,
    strategy: podStrategy,
    columns: podColumns,
    returnsDeletedObject: true,
    selectableFields: ({ spec, status }) => ({
      'spec.nodeName': spec?.nodeName ?? '',
      'spec.restartPolicy': spec?.restartPolicy ?? '',
      'spec.schedulerName': spec?.schedulerName ?? '',
      'spec.serviceAccountName': spec?.serviceAccountName ?? '',
      'spec.hostNetwork': String(spec?.hostNetwork ?? false),
      'status.phase': status?.phase ?? '',
      'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP ?? '',
      'status.nominatedNodeName': status?.nominatedNodeName ?? '',
    }),
    subresources: {
      status: { type: 'update', strategy: podStatusStrategy },
      ephemeralcontainers: { type: 'update', strategy: ephemeralContainersStrategy },
      resize: { type: 'update', strategy: resizeStrategy },
      binding,
      eviction,
      ...connectSubresources(connect),
    },
  }
}
