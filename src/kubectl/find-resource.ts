import type { DiscoveredResource } from '#client/discovery.ts'

/**
 * The resource that people mean by `pods`, `pod`, `po`, `Pod` or `leases.coordination.k8s.io`; undefined when there is none. Of several
 * groups with such a name the first in discovery wins.
 */
export function findResource(text: string, resources: readonly DiscoveredResource[]): DiscoveredResource | undefined {
  const [name = '', ...rest] = text.toLowerCase().split('.')
  const wantedGroup = rest.length === 0 ? undefined : rest.join('.')
  return resources.find(
    ({ resource, singular, kind, shortNames, group }) =>
      (wantedGroup === undefined || group === wantedGroup) && [resource, singular, kind.toLowerCase(), ...shortNames].includes(name),
  )
}
