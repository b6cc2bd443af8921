/** Subprotocols of exec and attach (k8s.io/apimachinery `util/remotecommand`). */
export const streamProtocol = {
  v1: 'channel.k8s.io',
  v2: 'v2.channel.k8s.io',
  v3: 'v3.channel.k8s.io',
  v4: 'v4.channel.k8s.io',
  v5: 'v5.channel.k8s.io',
} as const

/** What we offer and accept over SPDY, newest first. Version 5 only adds frames that WebSocket needs. */
export const spdyProtocols: readonly string[] = [streamProtocol.v4, streamProtocol.v3, streamProtocol.v2, streamProtocol.v1]

/** What a client may ask for over WebSocket; '' is a client that names no protocol. */
export const webSocketProtocols: Readonly<Record<string, { base64: boolean; version: 1 | 4 | 5 }>> = {
  [streamProtocol.v5]: { base64: false, version: 5 },
  [streamProtocol.v4]: { base64: false, version: 4 },
  [`v4.base64.${streamProtocol.v1}`]: { base64: true, version: 4 },
  [streamProtocol.v1]: { base64: false, version: 1 },
  [`base64.${streamProtocol.v1}`]: { base64: true, version: 1 },
  '': { base64: false, version: 1 },
}

/** WebSocket channel of each stream. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const

export type StreamType = keyof typeof channel

export const streamTypeHeader = 'streamtype'
