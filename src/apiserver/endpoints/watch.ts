import { StatusError } from '#apimachinery/status/status.ts'
import type { WatchReceiver } from '../cacher/cache-watcher.ts'
import type { ActiveWatch, APIResponse, WatchForm } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { parseWatchQuery, selectionOf, type WatchQuery } from './list-options.ts'
import { revisionOf } from './query-values.ts'

/** A watch without `timeoutSeconds` ends after 30 to 60 minutes, so that clients spread over servers again. */
const timeoutDefaultMinMs = 30 * 60_000

/** GET of a collection with `watch=true`. */
export function watch(call: Call): APIResponse {
  const form = call.form()
  const query = parseWatchQuery(call.query, call.route)
  const selection = selectionOf(call.route, call.namespace, query)
  const start = startOf(query)
  const timeoutMs =
    query.timeoutSeconds !== undefined && query.timeoutSeconds > 0
      ? query.timeoutSeconds * 1000
      : timeoutDefaultMinMs * (1 + call.services.jitter.next())
  const options = { selection, ...start, allowBookmarks: query.allowBookmarks, timeoutMs }
  const watchForm: WatchForm = form.forOneWatch()
  return {
    status: 200,
    body: {
      type: 'watch',
      contentType: form.watchContentType,
      form: watchForm,
      sharesFrames: watchForm === form,
      start: receiver => startWatch(call, options, receiver),
    },
  }
}

/** What is wrong only now is told as an event of the watch. */
function startWatch(
  call: Call,
  options: Parameters<NonNullable<Call['route']['store']>['cacher']['watch']>[0],
  receiver: WatchReceiver,
): ActiveWatch {
  try {
    return call.route.store!.cacher.watch(options, receiver)
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    receiver.end(error.status)
    return { resume() {}, end() {} }
  }
}

/**
 * Where the watch starts: with the present state when no version, or version 0, or initial events were asked for; else behind the version.
 * @throws StatusError BadRequest
 */
function startOf({ resourceVersion, sendInitialEvents, allowBookmarks }: WatchQuery): {
  afterRevision: number | 'now' | undefined
  marksInitialEnd: boolean
} {
  const revision = revisionOf(resourceVersion)
  if (sendInitialEvents === true) return { afterRevision: undefined, marksInitialEnd: allowBookmarks }
  const isUnspecific = revision === undefined || revision === 0
  if (isUnspecific) return { afterRevision: sendInitialEvents === false ? 'now' : undefined, marksInitialEnd: false }
  return { afterRevision: revision, marksInitialEnd: false }
}
