/** Subprotocols of port-forward (k8s.io/apimachinery `util/portforward`). */
export const portForwardProtocol = 'portforward.k8s.io'

/** A WebSocket whose binary messages are the bytes of a SPDY connection. */
export const tunnelProtocol = `SPDY/3.1+${portForwardProtocol}`

/** The channel protocols: two channels for each port of the request, one connection each. */
export const channelProtocols: Readonly<Record<string, { base64: boolean }>> = {
  'v4.channel.k8s.io': { base64: false },
  'v4.base64.channel.k8s.io': { base64: true },
  '': { base64: false },
}

/** Headers of a SPDY stream. */
export const header = { streamType: 'streamtype', port: 'port', requestID: 'requestid' } as const

export const portMax = 65_535
