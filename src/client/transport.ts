/** How a client reaches an API server: over HTTPS, or in process with the same filters, the same answers and the same errors. */
export interface Transport {
  /**
   * Sends one request. Error answers of the server (status ≥ 400) are thrown as StatusError.
   * @throws StatusError; any other error means that no answer was received, as ConnectionLostError does in process
   */
  request(request: TransportRequest, signal: AbortSignal): Promise<TransportResponse>
  /** Opens a watch; the request's query holds `watch=true`. Frames that came together are read together. Ends when the server ends it. */
  watch(request: TransportRequest, signal: AbortSignal): AsyncIterable<readonly WatchFrame[]>
}

export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, encoded. */
  path: string
  /** JSON value; not changed and not kept. */
  body?: unknown
  /** application/json, or one of the patch types. */
  contentType?: string
  accept?: string
}

export interface TransportResponse {
  status: number
  /** The decoded JSON answer. Shared and frozen by convention in process: never change it. */
  body: unknown
  /** Texts of the `Warning` headers. */
  warnings: string[]
}

/** `object` is a Status for ERROR frames. Shared: never change it. */
export interface WatchFrame {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: unknown
}

/** The connection broke: the server may have done what it was asked, or not. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'

  constructor(options?: ErrorOptions) {
    super('the connection to the API server was lost', options)
  }
}
