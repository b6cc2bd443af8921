import { parseTime } from '#apimachinery/meta/v1/time.ts'
import { newBadRequest, newNotFound } from '#apimachinery/status/status.ts'
import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { quote } from '#apimachinery/text/quote.ts'
import { pastPath } from '#client/past.ts'
import { whyPath } from '#client/why.ts'
import type { Clock } from '#base/clock.ts'
import type { PathHandler } from '../path-handler.ts'
import type { Stores } from '../registry/stores.ts'
import { jsonBody } from '../request/api-response.ts'
import type { AuditLog } from './audit-log.ts'
import { oldestPastState, pastStateAt, type StoredPast } from './past-state.ts'
import { type StorySources, tellStory } from './tell-story.ts'

export interface AuditHandlerOptions {
  audit: AuditLog
  stores: Stores
  schemas: SchemaRegistry
  storage: StoredPast
  clock: Clock
}

/** The pages that tell what was recorded. Who may read them: see the roles for paths. */
export function auditHandlers({ audit, stores, schemas, storage, clock }: AuditHandlerOptions): PathHandler[] {
  const sources: StorySources = {
    audit,
    storeOf: key => stores.ofKey(key),
    changeOptionsOf: ({ resource }) => ({
      schema: schemas.get(resource.info.schema),
      registry: schemas,
      ...(resource.secretFields !== undefined && { secretFields: resource.secretFields }),
    }),
  }
  const why: PathHandler = {
    path: whyPath,
    async handle(request) {
      const query = new URLSearchParams(request.query)
      const resource = { group: query.get('group') ?? '', resource: query.get('resource') ?? '' }
      const name = query.get('name') ?? ''
      if (resource.resource === '' || name === '') throw newBadRequest('want the resource and the name of an object')
      const store = stores.find(resource)
      if (store === undefined) throw newNotFound(resource, name)
      await audit.recall()
      const story = await tellStory(store.keyOf(query.get('namespace') ?? undefined, name), sources)
      if (story.writes.length === 0 && store.peek(query.get('namespace') ?? undefined, name) === undefined)
        throw newNotFound(resource, name)
      return { status: 200, body: jsonBody(story) }
    },
  }
  const past: PathHandler = {
    path: pastPath,
    async handle(request) {
      await audit.recall()
      const query = new URLSearchParams(request.query)
      const agoMs = Number(query.get('agoMs') ?? Number.NaN)
      if (agoMs >= 0) return { status: 200, body: jsonBody(pastStateAt(clock.now() - agoMs, clock.now(), audit, storage)) }
      const text = query.get('time')
      if (text === null) return { status: 200, body: jsonBody(oldestPastState(audit, storage)) }
      const timeMs = parseTime(text)
      if (timeMs === undefined) throw newBadRequest(`invalid time ${quote(text)}: want RFC 3339, such as 2026-01-01T00:00:00Z`)
      return { status: 200, body: jsonBody(pastStateAt(timeMs, clock.now(), audit, storage)) }
    },
  }
  return [why, past]
}
