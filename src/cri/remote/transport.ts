/** Bytes over gRPC: what the clients in this folder need from a connection. */
export interface Transport extends Disposable {
  /** One request, one response. Rejects with CRIError, or with `signal.reason` when aborted. */
  unary(path: string, request: Uint8Array, options: CallOptions, signal: AbortSignal): Promise<Uint8Array>
  /** One request, many responses. The call starts at once; leaving the iteration cancels it. */
  serverStream(path: string, request: Uint8Array, options: CallOptions, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Many requests, sent as fast as the peer takes them, then the responses up to the end of the call. */
  clientStream(path: string, requests: Iterable<Uint8Array>, options: CallOptions, signal: AbortSignal): Promise<Uint8Array[]>
}

export interface CallOptions {
  /** Request headers. */
  metadata?: Record<string, string>
}
