import type { ContainerFiles, Output } from '../image.ts'

/** Where somebody types. */
export interface ShellTerminal {
  onInterrupt: () => void
}

export interface ShellHost {
  readonly env: Readonly<Record<string, string>>
  readonly hostname: string
  readonly files: ContainerFiles
  /** Milliseconds of the cluster's time. */
  now(): number
  /** Rejects when the program shall end. */
  sleep(ms: number): Promise<void>
  /** Unknown commands succeed and missing files are empty: what is run belongs to an image of which nothing is known. */
  readonly lenient: boolean
  readonly terminal?: ShellTerminal | undefined
}

export interface ShellStreams {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
}

/** Thrown to leave the shell. */
export class ShellExit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

export async function* asStream(content: Uint8Array): AsyncGenerator<Uint8Array> {
  if (content.length > 0) yield content
}
