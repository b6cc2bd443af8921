import type { ListMeta } from '#apimachinery/meta/v1/types.gen.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { StorageError } from '#storage/storage.ts'
import type { Entry } from '../cacher/entry.ts'
import type { Selection } from '../cacher/selection.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { ResourceStore } from '../registry/resource-store.ts'
import type { Call } from './call.ts'
import { type ContinueToken, decodeContinueToken, encodeContinueToken } from './continue-token.ts'
import { type ListQuery, parseListQuery, selectionOf } from './list-options.ts'
import { checkNotFuture, newExpiredContinue, newExpiredList } from './list-revision.ts'
import { revisionOf } from './query-values.ts'

/** GET of a collection. */
export function list(call: Call): APIResponse | Promise<APIResponse> {
  const query = parseListQuery(call.query, call.route)
  const form = call.form(isExact(query) ? revisionOf(query.resourceVersion) : undefined)
  const listing = listEntries(call.route.store!, selectionOf(call.route, call.namespace, query), query)
  const answer = ({ metadata, entries }: Listing) => ({ status: 200, body: form.listBody(metadata, entries) })
  return listing instanceof Promise ? listing.then(answer) : answer(listing)
}

export interface Listing {
  metadata: ListMeta
  entries: readonly Entry[]
}

/**
 * The objects that a list shows. The newest state comes from the watch cache at once; only lists at an older revision (`Exact`, later
 * pages of a list during which objects changed) read storage.
 */
export function listEntries(store: ResourceStore, selection: Selection, query: ListQuery): Listing | Promise<Listing> {
  const { cacher } = store
  const wanted = revisionOf(query.resourceVersion)
  if (query.continueToken !== '') {
    if (wanted !== undefined && wanted !== 0) throw newBadRequest('specifying resource version is not allowed when using continue')
    const token = decodeContinueToken(query.continueToken)
    checkNotFuture(token.revision, cacher.revision)
    const startAfter = `${selection.keyPrefix}${token.startAfter}`
    if (token.revision < 0 || token.revision >= cacher.lastChangeRevision) {
      const revision = token.revision < 0 ? cacher.revision : token.revision
      return pageOf(cacher.list(selection.keyPrefix, startAfter), selection, query, revision)
    }
    return listAt(store, selection, query, token.revision, startAfter, token)
  }
  checkNotFuture(wanted, cacher.revision)
  if (wanted !== undefined && wanted !== 0 && isExact(query)) {
    if (wanted >= cacher.lastChangeRevision) return pageOf(cacher.list(selection.keyPrefix), selection, query, wanted)
    return listAt(store, selection, query, wanted, undefined, undefined)
  }
  return pageOf(cacher.list(selection.keyPrefix), selection, query, cacher.revision)
}

/** A limited list with a version but without a match means exactly that version, as before `resourceVersionMatch` existed. */
function isExact({ resourceVersionMatch, limit }: ListQuery): boolean {
  return resourceVersionMatch === 'Exact' || (resourceVersionMatch === '' && limit > 0)
}

async function listAt(
  store: ResourceStore,
  selection: Selection,
  query: ListQuery,
  revision: number,
  startAfter: string | undefined,
  token: ContinueToken | undefined,
): Promise<Listing> {
  try {
    return pageOf(await store.entriesAt(selection.keyPrefix, revision, startAfter), selection, query, revision)
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'Compacted') throw error
    if (token === undefined) throw newExpiredList()
    throw newExpiredContinue(encodeContinueToken({ revision: -1, startAfter: token.startAfter }))
  }
}

/** The first `limit` matching entries. */
function pageOf(candidates: Entry[], selection: Selection, { limit }: ListQuery, revision: number): Listing {
  const matching = selection.isWhole ? candidates : candidates.filter(entry => selection.matchesSelectors(entry))
  const metadata: ListMeta = { resourceVersion: String(revision) }
  if (limit <= 0 || matching.length <= limit) return { metadata, entries: matching }
  const entries = matching.slice(0, limit)
  metadata.continue = encodeContinueToken({ revision, startAfter: entries.at(-1)!.key.slice(selection.keyPrefix.length) })
  if (selection.isWhole) metadata.remainingItemCount = matching.length - limit
  return { metadata, entries }
}
