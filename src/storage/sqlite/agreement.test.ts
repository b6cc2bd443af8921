import assert from 'node:assert/strict'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import fc from 'fast-check'
import { MemoryStorage } from '../memory/memory-storage.ts'
import { type CommitResult, type Storage, StorageError, type StorageEvent, type StoredValue, type Write } from '../storage.ts'
import { openSqliteStorage } from './sqlite-storage.ts'

/** Revisions are counted back from the newest visible one, so that most commands make sense. */
type Command =
  | { kind: 'write'; key: string; expectation: 'holds' | 'absent' | 'missed'; value: Uint8Array | undefined }
  | { kind: 'get'; key: string; back: number | undefined }
  | { kind: 'list'; prefix: string; back: number | undefined; limit: number | undefined; startAfter: string | undefined }
  | { kind: 'watch'; prefix: string; back: number }
  | { kind: 'compact'; back: number }
  /** Waits for everything before it; without it, commands are given without waiting for each other. */
  | { kind: 'settle' }
  | { kind: 'reopen' }

const key = fc.constantFrom('/a', '/a/b', '/ab', '/b/1', '/b/2', '/b/3', '/\u{1f600}', '/\uffff')
const prefix = fc.constantFrom('', '/', '/a', '/a/', '/b/', '/\ud83d', '/none/')
const back = fc.integer({ min: -1, max: 30 })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const value = fc.uint8Array({ maxLength: 60 })

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('write'),
      key,
      expectation: fc.constantFrom('holds', 'holds', 'holds', 'holds', 'absent', 'missed'),
      value: fc.option(value, { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('get'), key, back: optional(back) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('list'),
      prefix,
      back: optional(back),
      limit: optional(fc.integer({ min: 0, max: 5 })),
      startAfter: optional(key),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('watch'), prefix, back }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact'), back }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'settle' }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' }) },
)

/** Runs commands and writes down all that a caller can see, in an order that does not depend on timing. */
class Caller {
  readonly seen: unknown[] = []
  #storage: Storage
  readonly #reopen: (storage: Storage) => Promise<Storage>
  #answers: Promise<unknown>[] = []
  #watched: StorageEvent[][] = []
  #watches: Disposable[] = []
  /** What each key's revision will be once the writes given so far are done. */
  readonly #expected = new Map<string, number>()
  #nextRevision: number

  constructor(storage: Storage, reopen: (storage: Storage) => Promise<Storage>) {
    this.#storage = storage
    this.#reopen = reopen
    this.#nextRevision = storage.revision + 1
  }

  async run(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      if (command.kind === 'settle') await this.#settle()
      else if (command.kind === 'reopen') await this.#restart()
      else if (command.kind === 'compact') await this.#compact(command.back)
      else this.#answers.push(outcomeOf(this.#give(command)))
    }
    await this.#settle()
    await this.#storage.close()
  }

  #give(command: Command & { kind: 'write' | 'get' | 'list' | 'watch' }): Promise<unknown> {
    switch (command.kind) {
      case 'write':
        return this.#storage.commit(this.#toWrite(command)).then(plainResult)
      case 'get':
        return this.#storage.get(command.key, this.#at(command.back)).then(plainValue)
      case 'list': {
        const { limit, startAfter } = command
        const options = {
          ...this.#at(command.back),
          ...(limit !== undefined && { limit }),
          ...(startAfter !== undefined && { startAfter }),
        }
        return this.#storage.list(command.prefix, options).then(list => ({ ...list, values: list.values.map(plainValue) }))
      }
      case 'watch': {
        const events: StorageEvent[] = []
        this.#watched.push(events)
        const options = { prefix: command.prefix, afterRevision: Math.max(this.#storage.revision - command.back, 0) }
        return this.#storage.watch(options, more => events.push(...more)).then(watch => void this.#watches.push(watch))
      }
    }
  }

  #toWrite({ key, expectation, value }: Command & { kind: 'write' }): Write {
    const newest = this.#expected.get(key) ?? 0
    const expectedRevision = expectation === 'holds' ? newest : expectation === 'absent' ? 0 : newest + 3
    if (expectedRevision === newest && (newest > 0 || value !== undefined)) {
      const revision = this.#nextRevision++
      if (value === undefined) this.#expected.delete(key)
      else this.#expected.set(key, revision)
    }
    return { key, expectedRevision, ...(value !== undefined && { value }) }
  }

  #at(back: number | undefined): { revision?: number } {
    return back === undefined ? {} : { revision: Math.max(this.#storage.revision - back, 0) }
  }

  async #settle(): Promise<void> {
    this.seen.push(await Promise.all(this.#answers), this.#storage.revision, this.#storage.compactedRevision)
    this.seen.push(this.#watched.map(events => events.map(event => ({ ...event, value: plainBytes(event.value) }))))
    this.#answers = []
  }

  async #compact(back: number): Promise<void> {
    await this.#settle()
    this.seen.push(await outcomeOf(this.#storage.compact(this.#storage.revision - back)))
  }

  async #restart(): Promise<void> {
    await this.#settle()
    for (const watch of this.#watches) watch[Symbol.dispose]()
    this.#watched = []
    this.#watches = []
    this.#storage = await this.#reopen(this.#storage)
  }
}

function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => {
    assert(error instanceof StorageError, error as Error)
    return error.code
  })
}

const plainBytes = (value: Uint8Array) => Buffer.from(value).toString('hex')

function plainValue(stored: StoredValue | undefined): unknown {
  return stored && { ...stored, value: plainBytes(stored.value) }
}

function plainResult(result: CommitResult): unknown {
  return result.committed ? result : { committed: false, current: plainValue(result.current) }
}

const limits = [
  { name: 'usual limits', options: {} },
  { name: 'little memory and small pages', options: { ring: { eventsMax: 4, bytesMax: 100 }, pages: { rowsMax: 3, bytesMax: 70 } } },
]
for (const { name, options } of limits) {
  it(`sqlite and memory agree on any commands: ${name}`, async () => {
    const commands = fc.array(command, { maxLength: 80, size: 'max' })
    await fc.assert(
      fc.asyncProperty(commands, async commands => {
        await using folder = await mkdtempDisposable(join(tmpdir(), 'coxswain-storage-'))
        const open = () => openSqliteStorage({ folder: folder.path, ...options })
        const reopen = async (storage: Storage) => {
          await storage.close()
          return open()
        }
        const sqlite = new Caller(await open(), reopen)
        // For the model a reopening is a copy: it must not differ from its origin.
        const memory = new Caller(new MemoryStorage(), storage => MemoryStorage.copyOf(storage))
        await Promise.all([sqlite.run(commands), memory.run(commands)])
        assert.deepEqual(sqlite.seen, memory.seen)
      }),
      { numRuns: 12, endOnFailure: false },
    )
  })
}
