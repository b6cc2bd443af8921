/**
 * Entry of the thread that owns the database: answers requests in order, long ones page by page so that others pass between.
 * It sleeps on shared memory, not in the event loop: a round trip then costs a fifth of the time, and the main thread a fifth of the CPU.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { assert } from '#base/assert.ts'
import { type KeyRange, successor } from '../key-range.ts'
import type { StorageEvent } from '../storage.ts'
import { Database } from './database.ts'
import { type PackedEvents, packEvents, unpackEvents } from './event-pack.ts'
import type { Reply, Request, WorkerOptions } from './protocol.ts'

assert(parentPort !== null, 'the storage worker runs as a worker thread')
const port = parentPort
const { folder, pages, posted } = workerData as WorkerOptions

/** Long requests in the order they came; a page of the first one is done whenever nothing else is asked. */
const jobs: { id: number; steps: Iterator<void> }[] = []
let closing = false

/** Rows that wait to be indexed by key together: the more, the less is written; a few ms of work at most. */
const unindexedMax = pages.rowsMax * 8

const database = open()
if (database !== undefined) {
  run(database)
  database.close()
}

function run(database: Database): void {
  while (!closing || jobs.length > 0) {
    const postedBefore = Atomics.load(posted, 0)
    const received = receiveMessageOnPort(port)
    if (received !== undefined) serve(database, received.message)
    else if (jobs.length > 0) continueJob(jobs[0]!)
    else Atomics.wait(posted, 0, postedBefore)
  }
}

function open(): Database | undefined {
  try {
    const opened = new Database(folder)
    const index = opened.load()
    port.postMessage({ kind: 'opened', index } satisfies Reply, [index.modRevisions.buffer, index.createRevisions.buffer])
    return opened
  } catch (error) {
    reply({ kind: 'refused', message: (error as Error).message })
    return undefined
  }
}

function serve(database: Database, request: Request): void {
  switch (request.kind) {
    case 'append':
      append(database, unpackEvents(request.events), request.missingValues)
      // Gives the memory back now: this thread allocates too little of anything else to collect garbage often.
      request.events.bytes.buffer.transfer(0)
      return
    case 'get':
      answer(request.id, () => database.get(request.key, request.revision))
      return
    case 'at':
      answer(request.id, () => database.at(request.revision))
      return
    case 'list':
      jobs.push({ id: request.id, steps: list(database, request) })
      return
    case 'history':
      jobs.push({ id: request.id, steps: history(database, request) })
      return
    case 'compact':
      jobs.push({ id: request.id, steps: compact(database, request) })
      return
    case 'close':
      closing = true
  }
}

function append(database: Database, events: StorageEvent[], missing: number[]): void {
  try {
    const missingValues = missing.map(revision => database.at(revision).value)
    database.append(events)
    reply({ kind: 'appended', missingValues })
    if (database.unindexedCount >= unindexedMax) database.bringIndexUpToDate()
  } catch (error) {
    reply({ kind: 'notAppended', message: (error as Error).message })
  }
}

function answer(id: number, read: () => StorageEvent | undefined): void {
  try {
    const event = read()
    replyWith({ kind: 'answered', id, events: pack(event === undefined ? [] : [event]) })
  } catch (error) {
    reply({ kind: 'unanswered', id, message: (error as Error).message })
  }
}

function* list(database: Database, request: Request & { kind: 'list' }): Generator<void> {
  let { range } = request
  let wanted = request.limit ?? Number.MAX_SAFE_INTEGER
  while (wanted > 0) {
    const asked = Math.min(wanted, pages.rowsMax)
    const { events, cutShort } = takePage(database.list(range, request.revision, asked))
    if (!cutShort && events.length < asked) {
      replyWith({ kind: 'answered', id: request.id, events: pack(events), remaining: 0 })
      return
    }
    replyWith({ kind: 'page', id: request.id, events: pack(events) })
    wanted -= events.length
    range = { from: successor(events.at(-1)!.key), end: range.end }
    yield
  }
  const remaining = yield* count(database, range, request.revision)
  reply({ kind: 'answered', id: request.id, remaining })
}

function* count(database: Database, range: KeyRange, revision: number): Generator<void, number> {
  let total = 0
  for (let from = range.from; ; ) {
    const { live, lastKey } = database.count({ from, end: range.end }, revision, pages.rowsMax)
    total += live
    if (lastKey === undefined) return total
    from = successor(lastKey)
    yield
  }
}

function* history(database: Database, request: Request & { kind: 'history' }): Generator<void> {
  const { range, throughRevision } = request
  for (let after = request.afterRevision; after < throughRevision; ) {
    const windowEnd = Math.min(after + pages.rowsMax, throughRevision)
    const { events, cutShort } = takePage(database.history(range, after, windowEnd))
    if (events.length > 0) replyWith({ kind: 'page', id: request.id, events: pack(events) })
    after = cutShort ? events.at(-1)!.revision : windowEnd
    yield
  }
  reply({ kind: 'answered', id: request.id })
}

function* compact(database: Database, request: Request & { kind: 'compact' }): Generator<void> {
  for (let collected = database.markCompacted(request.revision); collected < request.revision; ) {
    const through = Math.min(collected + pages.rowsMax, request.revision)
    database.collect(collected, through)
    collected = through
    yield
  }
  reply({ kind: 'answered', id: request.id })
}

/** The first events, up to the one that makes the page full. */
function takePage(events: Iterable<StorageEvent>): { events: StorageEvent[]; cutShort: boolean } {
  const taken: StorageEvent[] = []
  let sizeBytes = 0
  for (const event of events) {
    taken.push(event)
    sizeBytes += event.value.length
    if (sizeBytes >= pages.bytesMax) return { events: taken, cutShort: true }
  }
  return { events: taken, cutShort: false }
}

function continueJob(job: { id: number; steps: Iterator<void> }): void {
  try {
    if (job.steps.next().done !== true) return
  } catch (error) {
    reply({ kind: 'unanswered', id: job.id, message: (error as Error).message })
  }
  jobs.shift()
}

function pack(events: readonly StorageEvent[]): PackedEvents {
  return packEvents(events, { deletedValues: true })
}

function reply(message: Reply): void {
  port.postMessage(message)
}

function replyWith(message: Reply & { events: PackedEvents }): void {
  port.postMessage(message, [message.events.bytes.buffer])
}
