/**
 * Two addresses of loopback for this process, for a cluster and a copy of it: the port is written down in the cluster, so that any free one
 * would make each run another.
 */
const ownAddresses = [0, 64].map(more => {
  const { pid } = process
  return `127.${1 + ((pid >> 16) & 63) + more}.${(pid >> 8) & 255}.${pid & 255}`
})

const port = 6443

/** Where a cluster is served. @param beside the URL of another cluster that is served now */
export function ownEndpoint(beside?: string): { host: string; port: number } {
  const host = ownAddresses.find(address => beside !== `https://${address}:${port}`)!
  return { host, port }
}
