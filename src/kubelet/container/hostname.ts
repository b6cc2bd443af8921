import type { Pod } from '#api/core/v1/types.gen.ts'

const hostnameCharactersMax = 63

/** The name that a pod gives itself, and its full name in the cluster's DNS ('' without a subdomain). */
export function podHostname(pod: Pod, clusterDomain: string): { hostname: string; fullDomainName: string } {
  const { hostname, subdomain, hostnameOverride } = pod.spec
  if (hostnameOverride !== undefined && hostnameOverride !== '') return { hostname: hostnameOverride, fullDomainName: '' }
  const short = hostname || truncate(pod.metadata.name)
  const domain = subdomain ? `${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : ''
  const fullDomainName = domain === '' ? '' : `${short}.${domain}`
  return { hostname: pod.spec.setHostnameAsFQDN === true && fullDomainName !== '' ? fullDomainName : short, fullDomainName }
}

/** A host name has at most 63 characters and ends in a letter or digit; pod names may be longer. */
function truncate(name: string): string {
  return name.slice(0, hostnameCharactersMax).replace(/[-.]+$/, '')
}
