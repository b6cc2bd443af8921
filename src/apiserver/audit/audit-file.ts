import { appendFile, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { AuditRecord } from './audit-record.ts'
import { auditLimits } from './limits.ts'

export interface AuditFileOptions {
  /** Must be there. */
  folder: string
  /** The machine's, not the cluster's: it says when to write to disk. */
  clock: Clock
  log: Logger
  /** Of each of the two files. */
  bytesMax?: number
}

/**
 * Keeps records on disk, as lines of JSON. They are written some at a time and a little later, so that no write of the API waits for it: a
 * crash may lose the newest, and a full disk all that come. When the file is full it takes the place of the older one.
 */
export class AuditFile implements AsyncDisposable {
  readonly #options: AuditFileOptions
  readonly #path: string
  readonly #olderPath: string
  readonly #bytesMax: number
  #waiting: AuditRecord[] = []
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()
  /** Undefined before the first write. */
  #bytes: number | undefined
  #isFailing = false

  constructor(options: AuditFileOptions) {
    this.#options = options
    this.#path = join(options.folder, 'audit.jsonl')
    this.#olderPath = join(options.folder, 'audit.older.jsonl')
    this.#bytesMax = options.bytesMax ?? auditLimits.fileBytesMax
  }

  append(record: AuditRecord): void {
    this.#waiting.push(record)
    if (this.#waiting.length >= auditLimits.batchRecordsMax) this.#flush()
    else this.#timer ??= this.#options.clock.after(auditLimits.batchMs, () => this.#flush())
  }

  /** What is on disk, oldest first, but for lines that a crash has cut. */
  async read(): Promise<AuditRecord[]> {
    await this.#writing
    const texts = await Promise.all([this.#olderPath, this.#path].map(readIfThere))
    return texts.flatMap(text => text.split('\n').flatMap(recordOf))
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush()
    await this.#writing
  }

  #flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    if (this.#waiting.length === 0) return
    const records = this.#waiting
    this.#waiting = []
    this.#writing = this.#writing.then(() => this.#write(records))
  }

  async #write(records: readonly AuditRecord[]): Promise<void> {
    try {
      // The first line after a start begins a new one, whatever a crash has left.
      const isFirst = this.#bytes === undefined
      this.#bytes ??= await sizeOf(this.#path)
      if (this.#bytes >= this.#bytesMax) {
        await rename(this.#path, this.#olderPath)
        this.#bytes = 0
      }
      const text = `${isFirst ? '\n' : ''}${records.map(record => JSON.stringify(record)).join('\n')}\n`
      await appendFile(this.#path, text, { mode: 0o600 })
      this.#bytes += Buffer.byteLength(text)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing) this.#options.log.warn('cannot write the audit log: what happens now is not kept', { path: this.#path, error })
      this.#isFailing = true
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(ignoreMissing))?.size ?? 0
}

async function readIfThere(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(ignoreMissing)) ?? ''
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** A list of one, or of none for what is no record. */
function recordOf(line: string): AuditRecord[] {
  try {
    const record = JSON.parse(line) as AuditRecord
    return Number.isSafeInteger(record.revision) && typeof record.key === 'string' ? [record] : []
  } catch {
    return []
  }
}
