import type { LogSource } from '#cri/simulated/index.ts'
import type { LogFile, LogFiles } from './log-files.ts'

/** Logs that lie in this process's memory. One that nothing was written to is empty. */
export class MemoryLogFiles implements LogFiles {
  readonly #source: LogSource

  constructor(source: LogSource) {
    this.#source = source
  }

  async open(path: string): Promise<LogFile> {
    return new MemoryLogFile(this.#source, path)
  }

  watch(path: string, onChange: (mayBeAnother: boolean) => void): { close(): void } {
    const listening = this.#source.onChange(path, () => onChange(false))
    return { close: () => listening[Symbol.dispose]() }
  }

  async readTail(path: string, bytesMax: number): Promise<Buffer> {
    const { start, end } = this.#source.extent(path)
    return this.#source.read(path, Math.max(start, end - bytesMax), bytesMax)
  }
}

class MemoryLogFile implements LogFile {
  readonly #source: LogSource
  readonly #path: string
  /** Where position 0 of this file is in the log, whose oldest lines go away. */
  #base: number

  constructor(source: LogSource, path: string) {
    this.#source = source
    this.#path = path
    this.#base = source.extent(path).start
  }

  async read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }> {
    const { start } = this.#source.extent(this.#path)
    this.#base = Math.max(this.#base, start - position)
    const bytes = this.#source.read(this.#path, this.#base + position, length)
    bytes.copy(buffer, offset)
    return { bytesRead: bytes.length }
  }

  async stat(): Promise<{ size: number; ino: number; dev: number }> {
    return { size: this.#source.extent(this.#path).end - this.#base, ino: 0, dev: 0 }
  }

  async close(): Promise<void> {}
}
