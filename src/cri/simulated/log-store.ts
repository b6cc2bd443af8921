/** Where simulated containers log to. Paths are those that the container's status gives; contents are lines of the CRI log format. */
export interface LogStore {
  /** A container with this log starts. What is there is kept. */
  open(path: string): void
  /** Adds whole lines. */
  append(path: string, lines: Buffer): void
  /** The container is removed: nobody can learn the path from the runtime any more. */
  release(path: string): void
}

/** A log that can be read without files. */
export interface LogSource {
  /** Offset of the first byte that is still there, and of the end. */
  extent(path: string): { start: number; end: number }
  /** Bytes from `offset` on; empty at the end. */
  read(path: string, offset: number, bytesMax: number): Buffer
  /** Called after each change. */
  onChange(path: string, listener: () => void): Disposable
}

interface MemoryLog {
  blocks: Buffer[]
  start: number
  end: number
  listeners: Set<() => void> | undefined
}

const nothing = Buffer.alloc(0)

/** Keeps logs in memory: nothing for a container that writes nothing, at most `bytesMax` of the newest lines for the others. */
export class MemoryLogStore implements LogStore, LogSource {
  readonly #logs = new Map<string, MemoryLog>()
  readonly #bytesMax: number

  constructor(options: { bytesMax?: number } = {}) {
    this.#bytesMax = options.bytesMax ?? 256 * 1024
  }

  open(): void {}

  append(path: string, lines: Buffer): void {
    const log = this.#logOf(path)
    log.blocks.push(lines)
    log.end += lines.length
    while (log.end - log.start > this.#bytesMax && log.blocks.length > 1) log.start += log.blocks.shift()!.length
    notify(log)
  }

  release(path: string): void {
    const log = this.#logs.get(path)
    this.#logs.delete(path)
    if (log !== undefined) notify(log)
  }

  extent(path: string): { start: number; end: number } {
    const { start = 0, end = 0 } = this.#logs.get(path) ?? {}
    return { start, end }
  }

  read(path: string, offset: number, bytesMax: number): Buffer {
    const log = this.#logs.get(path)
    if (log === undefined) return nothing
    const parts: Buffer[] = []
    let position = log.start
    let wanted = bytesMax
    for (const block of log.blocks) {
      if (wanted <= 0) break
      const from = Math.max(offset - position, 0)
      position += block.length
      if (from >= block.length) continue
      const part = block.subarray(from, from + wanted)
      parts.push(part)
      wanted -= part.length
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  onChange(path: string, listener: () => void): Disposable {
    const log = this.#logOf(path)
    log.listeners ??= new Set()
    log.listeners.add(listener)
    return { [Symbol.dispose]: () => void log.listeners?.delete(listener) }
  }

  /** A store with the same content, which then goes its own way. */
  fork(): MemoryLogStore {
    const fork = new MemoryLogStore({ bytesMax: this.#bytesMax })
    for (const [path, log] of this.#logs) fork.#logs.set(path, { ...log, blocks: [...log.blocks], listeners: undefined })
    return fork
  }

  #logOf(path: string): MemoryLog {
    let log = this.#logs.get(path)
    if (log === undefined) {
      log = { blocks: [], start: 0, end: 0, listeners: undefined }
      this.#logs.set(path, log)
    }
    return log
  }
}

function notify(log: MemoryLog): void {
  for (const listener of log.listeners ?? []) listener()
}
