import { isNotFound } from '#apimachinery/status/status.ts'
import type { Entry } from '../cacher/entry.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { admitDelete, readDeleteOptions } from './delete.ts'
import { listEntries } from './list.ts'
import { parseListQuery, selectionOf } from './list-options.ts'

/** DELETE of a collection: every object that the selectors match, one after the other. Answers the list of them. */
export async function deleteCollection(call: Call): Promise<APIResponse> {
  const form = call.form()
  const { route } = call
  const store = route.store!
  const query = parseListQuery(call.query, route)
  const options = await readDeleteOptions(call)
  const { metadata, entries } = await listEntries(store, selectionOf(route, call.namespace, query), query)
  const deleted: Entry[] = []
  for (const { object } of entries) {
    try {
      const { entry } = await store.deleteEntry(object.metadata.namespace, object.metadata.name, options, call, (_object, old) =>
        admitDelete(call, old),
      )
      deleted.push(entry)
    } catch (error) {
      if (!isNotFound(error)) throw error // somebody else was faster
    }
  }
  return { status: 200, body: form.listBody(metadata, deleted) }
}
