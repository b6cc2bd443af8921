import { Readable } from 'node:stream'
import { CRILogFormatter } from './cri-log.ts'
import { type LogFile, type LogFiles, machineLogFiles } from './log-files.ts'
import type { ContainerLogOptions } from './log-options.ts'
import { tailOffset } from './tail.ts'

export interface ContainerLogSource {
  /** The CRI log file. While following it may be renamed and created anew (rotation). */
  path: string
  /** Aborted when the container has exited and its log is complete: following ends after what is there. */
  containerEnded: AbortSignal
  /** Where the log lies; the machine's files when left out. */
  files?: LogFiles
}

const blockBytes = 256 * 1024
const followBlockBytes = 16 * 1024
/** A line without end longer than this is handed on in pieces; runtimes split lines at 16 KiB. */
const lineBytesMax = 1024 * 1024
const newline = 0x0a
const nothing = Buffer.alloc(0)

/**
 * Reads a container's log as the client shall see it, in the order written, no faster than it is read. Rejects when the file cannot be
 * opened; following a file that appears later is the caller's wait. Destroying the Readable or aborting the signal stops everything.
 */
export async function readContainerLog(source: ContainerLogSource, options: ContainerLogOptions, signal: AbortSignal): Promise<Readable> {
  const reader = new LogReader(source, options, signal)
  await reader.open()
  const parts = reader.read()
  return new Readable({
    highWaterMark: blockBytes,
    read() {
      parts.next().then(
        ({ value, done }) => this.push(done ? null : value),
        error => this.destroy(error),
      )
    },
    destroy(error, callback) {
      // First woken, then ended: a generator that waits for a change cannot be ended before it goes on.
      reader.stop()
      parts.return().then(() => callback(error), callback)
    },
  })
}

class LogReader {
  readonly #source: ContainerLogSource
  readonly #options: ContainerLogOptions
  readonly #formatter: CRILogFormatter
  readonly #signal: AbortSignal
  readonly #wake = () => {
    this.#changed = true
    this.#resolveChange?.()
  }
  readonly #files: LogFiles
  #file: LogFile | undefined
  /** The one that has the path since a rotation. */
  #next: LogFile | undefined
  #offset = 0
  #blockBytes = blockBytes
  #watcher: { close(): void } | undefined
  #stopped = false
  #changed = false
  #rotated = false
  #resolveChange: (() => void) | undefined

  constructor(source: ContainerLogSource, options: ContainerLogOptions, signal: AbortSignal) {
    this.#source = source
    this.#files = source.files ?? machineLogFiles
    this.#options = options
    this.#formatter = new CRILogFormatter(options)
    this.#signal = signal
  }

  async open(): Promise<void> {
    this.#signal.throwIfAborted()
    // Watching starts before the first read, so that no write falls between them.
    if (this.#options.follow) this.#watch()
    try {
      this.#file = await this.#files.open(this.#source.path)
      if (this.#options.tailLines !== undefined) this.#offset = await tailOffset(this.#file, this.#options.tailLines)
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  async *read(): AsyncGenerator<Buffer, void, undefined> {
    let rest: Buffer = nothing
    try {
      while (!this.#stopped && !this.#signal.aborted && !this.#formatter.exhausted) {
        // Taken before reading: what ends or changes from now on is seen by another round.
        const isLastRound = !this.#options.follow || this.#source.containerEnded.aborted
        this.#changed = false
        const block = await this.#readBlock()
        if (block.length > 0) {
          const bytes = rest.length === 0 ? block : Buffer.concat([rest, block])
          const whole = bytes.length > lineBytesMax ? bytes.length : bytes.lastIndexOf(newline) + 1
          rest = bytes.subarray(whole)
          const text = this.#formatter.format(bytes.subarray(0, whole))
          if (text.length > 0) yield text
        } else if (isLastRound || this.#rotated || this.#next !== undefined) {
          // Until the new file was there the old one may have got more: it is read once again.
          if (this.#next === undefined && (await this.#findNext())) continue
          const reopened = await this.#goOver()
          if (!reopened && !isLastRound) continue
          const text = this.#formatter.format(rest)
          rest = nothing
          if (text.length > 0) yield text
          if (!reopened) return
        } else await this.#change()
      }
    } finally {
      await this.#close()
    }
  }

  async #readBlock(): Promise<Buffer> {
    const block = Buffer.allocUnsafe(this.#blockBytes)
    const { bytesRead } = await this.#file!.read(block, 0, block.length, this.#offset)
    this.#offset += bytesRead
    // What a running container adds is little at a time.
    this.#blockBytes = bytesRead === block.length ? blockBytes : followBlockBytes
    return block.subarray(0, bytesRead)
  }

  /** Opens the new file when the log was rotated. @returns whether there is one */
  async #findNext(): Promise<boolean> {
    if (!this.#rotated) return false
    this.#rotated = false
    let next: LogFile
    try {
      next = await this.#files.open(this.#source.path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      // Renamed, and not created yet: its creation is the next event.
      return false
    }
    const [now, before] = await Promise.all([next.stat(), this.#file!.stat()])
    if (now.ino === before.ino && now.dev === before.dev) {
      await next.close()
      return false
    }
    this.#next = next
    return true
  }

  /** The old file has been read to its end. @returns whether there is a new one */
  async #goOver(): Promise<boolean> {
    if (this.#next === undefined) return false
    await this.#file!.close()
    this.#file = this.#next
    this.#next = undefined
    this.#offset = 0
    return true
  }

  #watch(): void {
    this.#watcher = this.#files.watch(this.#source.path, mayBeAnother => {
      if (mayBeAnother) this.#rotated = true
      this.#wake()
    })
    this.#signal.addEventListener('abort', this.#wake)
    this.#source.containerEnded.addEventListener('abort', this.#wake)
  }

  async #change(): Promise<void> {
    if (this.#changed || this.#stopped) return
    await new Promise<void>(resolve => {
      this.#resolveChange = resolve
    })
    this.#resolveChange = undefined
  }

  async #close(): Promise<void> {
    this.#watcher?.close()
    this.#signal.removeEventListener('abort', this.#wake)
    this.#source.containerEnded.removeEventListener('abort', this.#wake)
    const files = [this.#file, this.#next]
    this.#file = undefined
    this.#next = undefined
    for (const file of files) await file?.close()
  }
}
