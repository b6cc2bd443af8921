import { newBadRequest, newNotFound, newResourceExpired } from '#apimachinery/status/status.ts'
import { StorageError } from '#storage/storage.ts'
import type { Entry } from '../cacher/entry.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { checkNotFuture } from './list-revision.ts'
import { revisionOf } from './query-values.ts'

/**
 * GET of one object: from the watch cache, which is never behind what any writer was told. With `resourceVersionMatch=Exact`, as lists have
 * it, the object as it was at that version.
 */
export function get(call: Call): APIResponse | Promise<APIResponse> {
  const { cacher } = call.route.store!
  const exact = call.apiRequest.query === '' ? undefined : exactRevision(call, cacher.revision)
  const form = call.form(exact)
  const answer = (entry: Entry) => ({ status: 200, body: form.entryBody(entry) })
  if (exact !== undefined && exact < cacher.lastChangeRevision) return entryAt(call, exact).then(answer)
  return answer(call.route.store!.getEntry(call.namespace, call.name!))
}

/** The revision to show; undefined for the newest. @throws StatusError BadRequest, Timeout */
function exactRevision({ query }: Call, current: number): number | undefined {
  const revision = revisionOf(query.get('resourceVersion'))
  checkNotFuture(revision, current)
  if (query.get('resourceVersionMatch') !== 'Exact') return undefined
  if (revision === undefined || revision === 0) throw newBadRequest('resourceVersionMatch "Exact" needs the resourceVersion to show')
  return revision
}

/** @throws StatusError NotFound, Expired */
async function entryAt({ route, namespace, name }: Call, revision: number): Promise<Entry> {
  try {
    const entry = await route.store!.entryAt(namespace, name!, revision)
    if (entry !== undefined) return entry
  } catch (error) {
    if (error instanceof StorageError && error.code === 'Compacted')
      throw newResourceExpired('The resourceVersion for the provided object is too old.')
    throw error
  }
  throw newNotFound(route.info, name!)
}
