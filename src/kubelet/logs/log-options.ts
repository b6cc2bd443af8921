/** Which part of a container's log is wanted, and how (the core/v1 PodLogOptions, decoded). */
export interface ContainerLogOptions {
  /** Keep on with what the container will write. */
  follow: boolean
  /** The log of the terminated instance before the running one. */
  previous: boolean
  /** Lines older than this are left out. Milliseconds since 1970. */
  sinceMs?: number
  /** Begin each line with its time. */
  timestamps: boolean
  /** Start this many lines before the end. */
  tailLines?: number
  /** Stop after this many bytes. */
  limitBytes?: number
  stream: 'All' | 'Stdout' | 'Stderr'
}
