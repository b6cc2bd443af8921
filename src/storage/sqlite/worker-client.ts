import { getCompileCacheDir } from 'node:module'
import { dirname, extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { assert } from '#base/assert.ts'
import { StorageError, type StorageEvent } from '../storage.ts'
import type { LoadedIndex } from './database.ts'
import { packEvents, unpackEvents } from './event-pack.ts'
import type { Reply, Request, WorkerOptions } from './protocol.ts'

type Answer = Reply & { kind: 'answered' }
/** A request that is answered, without its id. */
export type Question = DistributiveOmit<Extract<Request, { id: number }>, 'id'>
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

interface Asked {
  onPage: (events: StorageEvent[]) => void
  resolve: (answer: Answer) => void
  reject: (error: StorageError) => void
}

/** What a worker says without having been asked. */
export interface WorkerListener {
  /** The batch is durable; the values that were missing, in the order in which they were asked for. */
  onAppended(missingValues: Uint8Array[]): void
  /** The batch was refused, or the worker is gone; nothing can be written any more. */
  onFailed(message: string): void
}

/** Has this file's extension: in a bundle, both are plain JavaScript. */
const workerFile = new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)

/** The main thread's end of the storage worker. */
export class WorkerClient {
  readonly #worker: Worker
  readonly #posted: Int32Array<SharedArrayBuffer>
  readonly #asked = new Map<number, Asked>()
  readonly #exited: Promise<void>
  #nextId = 1
  #listener: WorkerListener | undefined
  #gone: string | undefined
  #closing = false

  private constructor(worker: Worker, posted: Int32Array<SharedArrayBuffer>) {
    this.#worker = worker
    this.#posted = posted
    this.#exited = new Promise(resolve => {
      worker.once('exit', code => {
        this.#onGone(`the storage thread ended with code ${code}`)
        resolve()
      })
    })
    worker.on('error', error => this.#onGone(`the storage thread failed: ${error.message}`))
  }

  /**
   * Starts the worker and opens the database.
   * @throws StorageError Failed
   */
  static async start(options: Omit<WorkerOptions, 'posted'>): Promise<{ client: WorkerClient; index: LoadedIndex }> {
    const posted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
    const workerData: WorkerOptions = { ...options, posted }
    // Not our own arguments: a thread takes only some of them, and refuses what "node -e" came with.
    const worker = new Worker(workerFile, { workerData, name: 'storage', env: workerEnvironment(), execArgv: [] })
    const client = new WorkerClient(worker, posted)
    const first = await new Promise<Reply>(resolve => {
      worker.once('message', resolve)
      worker.once('error', error => resolve({ kind: 'refused', message: error.message }))
    })
    if (first.kind === 'opened') {
      worker.on('message', (reply: Reply) => client.#onReply(reply))
      return { client, index: first.index }
    }
    await client.#exited
    assert(first.kind === 'refused', 'a worker first says whether it could open')
    throw new StorageError('Failed', `cannot open storage in "${options.folder}": ${first.message}`)
  }

  /** Who hears of batches. Set once, before the first batch. */
  listen(listener: WorkerListener): void {
    assert(this.#listener === undefined, 'a worker has one listener')
    this.#listener = listener
  }

  /** Asks for events to be made durable; the listener hears the answer. One at a time. */
  append(events: readonly StorageEvent[], missingValues: number[]): void {
    const packed = packEvents(events, { deletedValues: false })
    this.#post({ kind: 'append', events: packed, missingValues }, [packed.bytes.buffer])
  }

  /**
   * Asks something that has one answer, and perhaps pages before it (given to `onPage`, as is the last one).
   * @throws StorageError Failed
   */
  ask(question: Question, onPage: (events: StorageEvent[]) => void = () => {}): Promise<Answer> {
    if (this.#gone !== undefined) return Promise.reject(new StorageError('Failed', this.#gone))
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { onPage, resolve, reject })
      this.#post({ ...question, id })
    })
  }

  /** Ends the worker after everything asked before. */
  async close(): Promise<void> {
    this.#closing = true
    this.#post({ kind: 'close' })
    await this.#exited
  }

  #post(request: Request, transfer: ArrayBuffer[] = []): void {
    this.#worker.postMessage(request, transfer)
    Atomics.add(this.#posted, 0, 1)
    Atomics.notify(this.#posted, 0)
  }

  #onReply(reply: Reply): void {
    switch (reply.kind) {
      case 'appended':
        this.#listener?.onAppended(reply.missingValues)
        return
      case 'notAppended':
        this.#listener?.onFailed(reply.message)
        return
      case 'page':
        this.#asked.get(reply.id)?.onPage(unpackEvents(reply.events))
        return
      case 'answered': {
        const asked = this.#takeAsked(reply.id)
        if (reply.events !== undefined) asked.onPage(unpackEvents(reply.events))
        asked.resolve(reply)
        return
      }
      case 'unanswered':
        this.#takeAsked(reply.id).reject(new StorageError('Failed', `the disk refused: ${reply.message}`))
        return
      case 'opened':
      case 'refused':
        assert(false, 'a worker opens once')
    }
  }

  #takeAsked(id: number): Asked {
    const asked = this.#asked.get(id)
    assert(asked !== undefined, 'an answer belongs to a question', () => id)
    this.#asked.delete(id)
    return asked
  }

  #onGone(message: string): void {
    if (this.#gone !== undefined) return
    this.#gone = message
    for (const asked of this.#asked.values()) asked.reject(new StorageError('Failed', message))
    this.#asked.clear()
    if (!this.#closing) this.#listener?.onFailed(message)
  }
}

/** Threads do not inherit the compile cache; without it, each loads a TypeScript compiler: 18 MB and 35 ms. */
function workerEnvironment(): Record<string, string> {
  const folder = getCompileCacheDir()
  // The folder of this version of Node.js, inside the one that the variable names.
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}
