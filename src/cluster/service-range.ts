import { formatIPv4, parseCIDR } from '#base/cidr.ts'

export const defaultServiceCIDR = '10.96.0.0/12'

/** Places that have a meaning by convention. */
const addressIndexes = { apiServer: 1, dns: 10 }

/** The cluster IP of a service that every cluster has. @throws Error when the range is none */
export function serviceAddress(serviceCIDR: string, service: keyof typeof addressIndexes): string {
  const range = parseCIDR(serviceCIDR)
  if (range === undefined) throw new Error(`cannot use "${serviceCIDR}" for services: want an IPv4 range such as ${defaultServiceCIDR}`)
  return formatIPv4(range.first + addressIndexes[service])
}
