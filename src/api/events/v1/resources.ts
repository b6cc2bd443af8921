import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

/** The newer view of the same stored objects as core/v1 Events. */
export const events: ResourceInfo = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  schema: 'io.k8s.api.events.v1.Event',
}
