import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CommitResult, type Storage, StorageError, type StorageErrorCode, type StorageEvent } from './storage.ts'

/** Fresh storage for one case; whatever it needs is freed after `use`. */
export type WithStorage = (use: (storage: Storage) => Promise<void>) => Promise<void>

/** What every engine must do. Each case gets storage of its own. */
export function describeConformance(engine: string, withStorage: WithStorage): void {
  for (const [area, cases] of Object.entries({ writing, reading, watching, compacting, closing })) {
    describe(`${engine}: ${area}`, () => {
      for (const [name, run] of Object.entries(cases)) it(name, () => withStorage(run))
    })
  }
}

type Cases = Record<string, (storage: Storage) => Promise<void>>

export const bytes = (text: string): Uint8Array => Buffer.from(text)
export const text = (value: Uint8Array): string => Buffer.from(value).toString()

/** Commits and answers the revision; fails the case when the expectation is missed. */
export async function put(storage: Storage, key: string, value: string, expectedRevision = 0): Promise<number> {
  return committedRevision(await storage.commit({ key, expectedRevision, value: bytes(value) }))
}

async function remove(storage: Storage, key: string, expectedRevision: number): Promise<number> {
  return committedRevision(await storage.commit({ key, expectedRevision }))
}

function committedRevision(result: CommitResult): number {
  assert(result.committed)
  return result.revision
}

async function valueOf(storage: Storage, key: string, revision?: number): Promise<string | undefined> {
  const stored = await storage.get(key, revision === undefined ? {} : { revision })
  return stored && text(stored.value)
}

async function keysOf(storage: Storage, prefix: string, options = {}): Promise<string[]> {
  return (await storage.list(prefix, options)).values.map(({ key }) => key)
}

function rejectsWith(code: StorageErrorCode, promise: Promise<unknown>): Promise<void> {
  return assert.rejects(promise, (error: unknown) => error instanceof StorageError && error.code === code)
}

/** One line an event: `put /a@3 (created 1, after 2) = text`. */
function lines(events: readonly StorageEvent[]): string[] {
  return events.map(
    event =>
      `${event.type} ${event.key}@${event.revision} (created ${event.createRevision}, after ${event.previousRevision}) = ${text(event.value)}`,
  )
}

const writing: Cases = {
  'a fresh store is at revision 0': async storage => {
    assert.equal(storage.revision, 0)
    assert.equal(storage.compactedRevision, 0)
  },
  'create, update, delete: each takes the next revision': async storage => {
    assert.equal(await put(storage, '/a', 'one'), 1)
    assert.equal(await put(storage, '/a', 'two', 1), 2)
    assert.equal(await remove(storage, '/a', 2), 3)
    assert.equal(await put(storage, '/a', 'three'), 4)
    assert.equal(storage.revision, 4)
    const stored = await storage.get('/a')
    assert.deepEqual({ ...stored, value: text(stored!.value) }, { key: '/a', value: 'three', modRevision: 4, createRevision: 4 })
  },
  'an update keeps the create revision': async storage => {
    await put(storage, '/other', '')
    await put(storage, '/a', 'one')
    await put(storage, '/a', 'two', 2)
    assert.deepEqual((await storage.get('/a'))?.createRevision, 2)
  },
  'a missed expectation answers with the newest value and writes nothing': async storage => {
    await put(storage, '/a', 'one')
    for (const expectedRevision of [0, 2, 7]) {
      const result = await storage.commit({ key: '/a', expectedRevision, value: bytes('two') })
      assert(!result.committed)
      assert.deepEqual(
        { ...result.current, value: text(result.current!.value) },
        { key: '/a', value: 'one', modRevision: 1, createRevision: 1 },
      )
    }
    assert.deepEqual(await storage.commit({ key: '/b', expectedRevision: 1, value: bytes('x') }), { committed: false, current: undefined })
    assert.equal(storage.revision, 1)
  },
  'deleting what does not exist is a miss': async storage => {
    assert.deepEqual(await storage.commit({ key: '/a', expectedRevision: 0 }), { committed: false, current: undefined })
    assert.equal(storage.revision, 0)
  },
  'writes that do not wait for each other are checked in call order': async storage => {
    const results = await Promise.all([
      storage.commit({ key: '/a', expectedRevision: 0, value: bytes('one') }),
      storage.commit({ key: '/a', expectedRevision: 0, value: bytes('lost') }),
      storage.commit({ key: '/a', expectedRevision: 1, value: bytes('two') }),
      storage.commit({ key: '/a', expectedRevision: 2 }),
      storage.commit({ key: '/a', expectedRevision: 2, value: bytes('lost') }),
      storage.commit({ key: '/a', expectedRevision: 0, value: bytes('three') }),
    ])
    assert.deepEqual(
      results.map(result => (result.committed ? result.revision : result.current && text(result.current.value))),
      [1, 'one', 2, 3, undefined, 4],
    )
  },
  'what is not durable yet is not visible': async storage => {
    await put(storage, '/a', 'one')
    const update = storage.commit({ key: '/a', expectedRevision: 1, value: bytes('two') })
    const creation = storage.commit({ key: '/b', expectedRevision: 0, value: bytes('new') })
    assert.equal(storage.revision, 1)
    const [a, b, list] = [storage.get('/a'), storage.get('/b'), storage.list('/')]
    assert.equal(text((await a)!.value), 'one')
    assert.equal(await b, undefined)
    assert.deepEqual(
      (await list).values.map(({ modRevision }) => modRevision),
      [1],
    )
    await Promise.all([update, creation])
    assert.equal(await valueOf(storage, '/a'), 'two')
    assert.deepEqual(await keysOf(storage, '/'), ['/a', '/b'])
  },
  'a delete under way does not hide the value': async storage => {
    await put(storage, '/a', 'one')
    const deletion = storage.commit({ key: '/a', expectedRevision: 1 })
    assert.equal(await valueOf(storage, '/a'), 'one')
    await deletion
    assert.equal(await valueOf(storage, '/a'), undefined)
  },
  'values may be empty, or large': async storage => {
    await put(storage, '/empty', '')
    const large = new Uint8Array(3 * 2 ** 20).fill(7)
    await storage.commit({ key: '/large', expectedRevision: 0, value: large })
    assert.equal((await storage.get('/empty', { revision: 1 }))?.value.length, 0)
    const { values } = await storage.list('/large')
    assert.equal(Buffer.compare(values[0]!.value, large), 0)
  },
}

const reading: Cases = {
  'get and list at an older revision': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/b', 'b')
    await put(storage, '/a', 'two', 1)
    await remove(storage, '/b', 2)
    const byRevision = async (revision: number) => [await valueOf(storage, '/a', revision), await keysOf(storage, '/', { revision })]
    assert.deepEqual(await byRevision(0), [undefined, []])
    assert.deepEqual(await byRevision(1), ['one', ['/a']])
    assert.deepEqual(await byRevision(2), ['one', ['/a', '/b']])
    assert.deepEqual(await byRevision(3), ['two', ['/a', '/b']])
    assert.deepEqual(await byRevision(4), ['two', ['/a']])
  },
  'the future is not known': async storage => {
    await put(storage, '/a', 'one')
    await rejectsWith('FutureRevision', storage.get('/a', { revision: 2 }))
    await rejectsWith('FutureRevision', storage.list('/', { revision: 2 }))
    await rejectsWith(
      'FutureRevision',
      storage.watch({ prefix: '/', afterRevision: 2 }, () => {}),
    )
    await rejectsWith('FutureRevision', storage.compact(2))
  },
  'list takes what is under the prefix only': async storage => {
    for (const key of ['/p', '/p/', '/p/a', '/p/b/c', '/p0', '/o/z', '/q']) await put(storage, key, key)
    assert.deepEqual(await keysOf(storage, '/p/'), ['/p/', '/p/a', '/p/b/c'])
    assert.deepEqual(await keysOf(storage, '/p'), ['/p', '/p/', '/p/a', '/p/b/c', '/p0'])
    assert.deepEqual(await keysOf(storage, ''), ['/o/z', '/p', '/p/', '/p/a', '/p/b/c', '/p0', '/q'])
    assert.deepEqual(await keysOf(storage, '/x'), [])
  },
  'pages: limit, startAfter, remaining': async storage => {
    for (const name of ['d', 'b', 'a', 'c', 'e']) await put(storage, `/k/${name}`, name)
    await put(storage, '/l/f', 'f')
    const page = async (options: { limit?: number; startAfter?: string }) => {
      const { values, remaining, revision } = await storage.list('/k/', options)
      assert.equal(revision, 6)
      return [values.map(({ value }) => text(value)).join(''), remaining]
    }
    assert.deepEqual(await page({}), ['abcde', 0])
    assert.deepEqual(await page({ limit: 2 }), ['ab', 3])
    assert.deepEqual(await page({ limit: 2, startAfter: '/k/b' }), ['cd', 1])
    assert.deepEqual(await page({ limit: 2, startAfter: '/k/d' }), ['e', 0])
    assert.deepEqual(await page({ limit: 5 }), ['abcde', 0])
    assert.deepEqual(await page({ limit: 0 }), ['', 5])
    assert.deepEqual(await page({ startAfter: '/k/bb' }), ['cde', 0])
    assert.deepEqual(await page({ startAfter: '/a' }), ['abcde', 0])
    assert.deepEqual(await page({ startAfter: '/z' }), ['', 0])
  },
  'pages of one revision do not see later writes': async storage => {
    for (const name of ['a', 'b', 'c']) await put(storage, `/${name}`, 'old')
    await put(storage, '/aa', 'new')
    await put(storage, '/b', 'new', 2)
    await remove(storage, '/c', 3)
    const { values, remaining } = await storage.list('/', { revision: 3, limit: 2, startAfter: '/a' })
    assert.deepEqual([values.map(({ key, value }) => key + text(value)), remaining], [['/bold', '/cold'], 0])
  },
  'keys are any strings, ordered by code unit': async storage => {
    const keys = ['/\0', '/\0a', '/\u007f', '/é', '/\ud7ff', '/\ud800', '/\ud83d\ude00', '/\udfff', '/\ue000', '/\uffff', '0']
    for (const key of keys.toReversed()) await put(storage, key, key)
    assert.deepEqual(await keysOf(storage, ''), keys)
    assert.deepEqual(await keysOf(storage, '/\ud83d'), ['/\ud83d\ude00'])
    assert.deepEqual(await keysOf(storage, '/\uffff'), ['/\uffff'])
    assert.deepEqual(await keysOf(storage, '/', { startAfter: '/\udfff' }), ['/\ue000', '/\uffff'])
    for (const key of keys) assert.equal((await storage.get(key, { revision: storage.revision }))?.key, key)
  },
}

const watching: Cases = {
  'history, then what comes': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/b', 'other')
    await put(storage, '/a', 'two', 1)
    const seen: string[] = []
    using _watch = await storage.watch({ prefix: '/a', afterRevision: 0 }, events => seen.push(...lines(events)))
    assert.deepEqual(seen, ['put /a@1 (created 1, after 0) = one', 'put /a@3 (created 1, after 1) = two'])
    await remove(storage, '/a', 3)
    await put(storage, '/c', 'other')
    await put(storage, '/a', 'three')
    assert.deepEqual(seen.slice(2), ['delete /a@4 (created 1, after 3) = two', 'put /a@6 (created 6, after 0) = three'])
  },
  'only what comes after the revision': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/a', 'two', 1)
    const seen: number[] = []
    using _after1 = await storage.watch({ prefix: '', afterRevision: 1 }, events => seen.push(...events.map(({ revision }) => revision)))
    using _after2 = await storage.watch({ prefix: '', afterRevision: 2 }, events => seen.push(...events.map(({ revision }) => -revision)))
    assert.deepEqual(seen, [2])
    await put(storage, '/b', 'x')
    assert.deepEqual(seen, [2, 3, -3])
  },
  'every listener hears before the writer does': async storage => {
    const heard: string[] = []
    using _one = await storage.watch({ prefix: '/a', afterRevision: 0 }, () => heard.push('one'))
    using _two = await storage.watch({ prefix: '/', afterRevision: 0 }, events => {
      heard.push('two')
      assert.equal(storage.revision, events.at(-1)!.revision)
    })
    await put(storage, '/a', 'x')
    heard.push('writer')
    assert.deepEqual(heard.toSorted(), ['one', 'two', 'writer'])
    assert.equal(heard.at(-1), 'writer')
  },
  'many writes at once come in order, each once': async storage => {
    const seen: number[] = []
    using _watch = await storage.watch({ prefix: '/', afterRevision: 0 }, events => seen.push(...events.map(({ revision }) => revision)))
    const keys = Array.from({ length: 300 }, (_, index) => `/${index % 7}/${index}`)
    const revisions = await Promise.all(keys.map(key => put(storage, key, key)))
    assert.deepEqual(revisions, seen)
    assert.deepEqual(
      seen,
      Array.from({ length: 300 }, (_, index) => index + 1),
    )
  },
  'a disposed listener hears nothing more, not even of the same events': async storage => {
    const heard: string[] = []
    const watches: Disposable[] = []
    for (const name of ['a', 'b']) {
      const listener = () => {
        heard.push(name)
        for (const watch of watches) watch[Symbol.dispose]()
      }
      watches.push(await storage.watch({ prefix: '/', afterRevision: 0 }, listener))
    }
    await put(storage, '/k', '')
    await put(storage, '/l', '')
    assert.equal(heard.length, 1)
  },
  'a listener may write and watch': async storage => {
    const seen: string[] = []
    const inner: number[] = []
    let nested: Promise<unknown> = Promise.resolve()
    using _watch = await storage.watch({ prefix: '/', afterRevision: 0 }, events => {
      seen.push(...events.map(({ key }) => key))
      if (seen.length > 1) return
      const options = { prefix: '/', afterRevision: storage.revision - 1 }
      nested = Promise.all([
        storage.watch(options, events => inner.push(...events.map(({ revision }) => revision))),
        put(storage, '/b', ''),
      ])
    })
    await put(storage, '/a', '')
    await nested
    assert.deepEqual(seen, ['/a', '/b'])
    assert.deepEqual(inner, [1, 2])
  },
  'a long history comes whole and in order while writes go on': async storage => {
    const count = 1_500
    await Promise.all(Array.from({ length: count }, (_, index) => put(storage, `/${index % 3}/${index}`, `value ${index}`)))
    const seen: number[] = []
    const watching = storage.watch({ prefix: '/1/', afterRevision: 10 }, events => seen.push(...events.map(({ revision }) => revision)))
    const late = Promise.all(Array.from({ length: 100 }, (_, index) => put(storage, `/1/late${index}`, '')))
    using _watch = await watching
    await late
    const expected = Array.from({ length: count }, (_, index) => index + 1).filter(revision => revision > 10 && (revision - 1) % 3 === 1)
    for (let index = 0; index < 100; index++) expected.push(count + 1 + index)
    assert.deepEqual(seen, expected)
  },
  'a delete carries the last value, however old': async storage => {
    await put(storage, '/old', 'long ago')
    await Promise.all(Array.from({ length: 200 }, (_, index) => put(storage, `/new/${index}`, 'x'.repeat(100))))
    const live: string[] = []
    using _live = await storage.watch({ prefix: '/old', afterRevision: storage.revision }, events => live.push(...lines(events)))
    await remove(storage, '/old', 1)
    await Promise.all(Array.from({ length: 200 }, (_, index) => put(storage, `/newer/${index}`, 'x'.repeat(100))))
    const replayed: string[] = []
    using _replay = await storage.watch({ prefix: '/old', afterRevision: 1 }, events => replayed.push(...lines(events)))
    assert.deepEqual(live, ['delete /old@202 (created 1, after 1) = long ago'])
    assert.deepEqual(replayed, live)
  },
}

const compacting: Cases = {
  'forgets what is superseded or deleted, keeps what lives': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/b', 'b')
    await put(storage, '/a', 'two', 1)
    await remove(storage, '/b', 2)
    await put(storage, '/c', 'c')
    await storage.compact(4)
    assert.equal(storage.compactedRevision, 4)
    await rejectsWith('Compacted', storage.get('/a', { revision: 3 }))
    await rejectsWith('Compacted', storage.list('/', { revision: 3 }))
    await rejectsWith(
      'Compacted',
      storage.watch({ prefix: '/', afterRevision: 3 }, () => {}),
    )
    assert.equal(await valueOf(storage, '/a', 4), 'two')
    assert.equal(await valueOf(storage, '/b', 4), undefined)
    assert.deepEqual(await keysOf(storage, '/'), ['/a', '/c'])
  },
  'a delete after the compacted revision still knows its value': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/b', 'b')
    await storage.compact(2)
    await remove(storage, '/a', 1)
    await put(storage, '/a', 'again')
    const seen: string[] = []
    using _watch = await storage.watch({ prefix: '/', afterRevision: 2 }, events => seen.push(...lines(events)))
    assert.deepEqual(seen, ['delete /a@3 (created 1, after 1) = one', 'put /a@4 (created 4, after 0) = again'])
  },
  'again, or further back, changes nothing': async storage => {
    await put(storage, '/a', 'one')
    await put(storage, '/a', 'two', 1)
    await storage.compact(2)
    await storage.compact(2)
    await storage.compact(1)
    assert.equal(storage.compactedRevision, 2)
    assert.equal(await valueOf(storage, '/a'), 'two')
  },
  'revisions go on after everything was deleted and compacted': async storage => {
    await put(storage, '/a', 'one')
    await remove(storage, '/a', 1)
    await storage.compact(2)
    assert.equal(await put(storage, '/a', 'two'), 3)
    assert.deepEqual((await storage.get('/a'))?.createRevision, 3)
  },
  'reads asked before are answered': async storage => {
    await Promise.all(Array.from({ length: 700 }, (_, index) => put(storage, `/${index}`, 'old')))
    await Promise.all(Array.from({ length: 700 }, (_, index) => put(storage, `/${index}`, 'new', index + 1)))
    const list = storage.list('/', { revision: 700 })
    const get = storage.get('/5', { revision: 700 })
    const compaction = storage.compact(1400)
    assert.deepEqual(new Set((await list).values.map(({ value }) => text(value))), new Set(['old']))
    assert.equal((await list).values.length, 700)
    assert.equal(text((await get)!.value), 'old')
    await compaction
    assert.equal((await storage.list('/')).values.length, 700)
  },
}

const closing: Cases = {
  'close waits for writes under way, then everything is refused': async storage => {
    const writes = ['/a', '/b', '/c'].map(key => put(storage, key, key))
    const closed = storage.close()
    assert.deepEqual(await Promise.all(writes), [1, 2, 3])
    await closed
    await storage.close()
    await rejectsWith('Closed', storage.commit({ key: '/d', expectedRevision: 0, value: bytes('d') }))
    await rejectsWith('Closed', storage.get('/a'))
    await rejectsWith('Closed', storage.list('/'))
    await rejectsWith(
      'Closed',
      storage.watch({ prefix: '/', afterRevision: 0 }, () => {}),
    )
    await rejectsWith('Closed', storage.compact(1))
  },
}
