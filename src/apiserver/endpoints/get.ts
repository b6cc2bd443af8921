import type { APIResponse } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { checkNotFuture } from './list-revision.ts'
import { revisionOf } from './query-values.ts'

/** GET of one object: from the watch cache, which is never behind what any writer was told. */
export function get(call: Call): APIResponse {
  const form = call.form()
  const store = call.route.store!
  if (call.apiRequest.query !== '') checkNotFuture(revisionOf(call.query.get('resourceVersion')), store.cacher.revision)
  return { status: 200, body: form.entryBody(store.getEntry(call.namespace, call.name!)) }
}
