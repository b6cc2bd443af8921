/** The gRPC Health Checking Protocol, as far as probes need it. */
export interface HealthCheck {
  host: string
  port: number
  /** Empty: the server as a whole. */
  service: string
  userAgent: string
}

/** `unconnected` and `unanswered`: the signal was aborted before there was a connection, or an answer. */
export type HealthAnswer = { servingStatus: number } | 'unconnected' | 'unanswered'

export const healthPath = '/grpc.health.v1.Health/Check'

/** By number. */
export const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const
