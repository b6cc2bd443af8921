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
  const form = call.form()
  const store = call.route.store!
  const answer = (entry: Entry) => ({ status: 200, body: form.entryBody(entry) })
  if (call.apiRequest.query !== '') {
    const revision = revisionOf(call.query.get('resourceVersion'))
    checkNotFuture(revision, store.cacher.revision)
    if (call.query.get('resourceVersionMatch') === 'Exact') {
      if (revision === undefined || revision === 0) throw newBadRequest('resourceVersionMatch "Exact" needs the resourceVersion to show')
      if (revision < store.cacher.lastChangeRevision) return entryAt(call, revision).then(answer)
    }
  }
  return answer(store.getEntry(call.namespace, call.name!))
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
