import { type FieldSelector, parseFieldSelector } from '#apimachinery/fields/selector.ts'
import { type LabelSelector, parseLabelSelector } from '#apimachinery/labels/selector.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { type FieldError, forbidden, notSupported } from '#apimachinery/validation/field-error.ts'
import { collectionKeyPrefix } from '../registry/storage-key.ts'
import { Selection } from '../cacher/selection.ts'
import type { Route } from '../routes.ts'
import type { IncludeObject } from './forms/table-shape.ts'
import { checkSelectableFields } from './selectable-fields.ts'
import { booleanOf, integerOf, newInvalidOptions } from './query-values.ts'

export interface ListQuery {
  labels: LabelSelector
  fields: FieldSelector
  resourceVersion: string
  resourceVersionMatch: string
  limit: number
  continueToken: string
  timeoutSeconds: number | undefined
}

export interface WatchQuery extends ListQuery {
  allowBookmarks: boolean
  sendInitialEvents: boolean | undefined
}

/** @throws StatusError BadRequest, Invalid */
export function parseListQuery(query: URLSearchParams, route: Route): ListQuery {
  const options = sharedQuery(query, route)
  const errors: FieldError[] = []
  const match = options.resourceVersionMatch
  const at = 'resourceVersionMatch'
  if (match !== '') {
    if (options.resourceVersion === '') errors.push(forbidden(at, `${at} is forbidden unless resourceVersion is provided`))
    if (options.continueToken !== '') errors.push(forbidden(at, `${at} is forbidden when continue is provided`))
    if (match !== 'Exact' && match !== 'NotOlderThan') errors.push(notSupported(at, match, ['Exact', 'NotOlderThan', '']))
    if (match === 'Exact' && options.resourceVersion === '0') {
      errors.push(forbidden(at, `${at} "exact" is forbidden for resourceVersion "0"`))
    }
  }
  if (query.has('sendInitialEvents')) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  if (errors.length > 0) throw newInvalidOptions('ListOptions', errors)
  return options
}

/** @throws StatusError BadRequest, Invalid */
export function parseWatchQuery(query: URLSearchParams, route: Route): WatchQuery {
  const options: WatchQuery = {
    ...sharedQuery(query, route),
    allowBookmarks: booleanOf(query, 'allowWatchBookmarks') === true,
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
  }
  const errors: FieldError[] = []
  const match = options.resourceVersionMatch
  const at = 'resourceVersionMatch'
  if (options.sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(at, `sendInitialEvents requires setting ${at} to NotOlderThan`))
  }
  if (match !== '') {
    if (options.sendInitialEvents === undefined) {
      errors.push(forbidden(at, `${at} is forbidden for watch unless sendInitialEvents is provided`))
    }
    if (match !== 'NotOlderThan') errors.push(notSupported(at, match, ['NotOlderThan']))
    if (options.continueToken !== '') errors.push(forbidden(at, `${at} is forbidden when continue is provided`))
  }
  if (errors.length > 0) throw newInvalidOptions('ListOptions', errors)
  return options
}

function sharedQuery(query: URLSearchParams, route: Route): ListQuery {
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  checkSelectableFields(fields, route)
  return {
    labels: parseLabelSelector(query.get('labelSelector') ?? ''),
    fields,
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit: integerOf(query, 'limit') ?? 0,
    continueToken: query.get('continue') ?? '',
    timeoutSeconds: integerOf(query, 'timeoutSeconds'),
  }
}

/** What of the route's objects the query asks for. */
export function selectionOf(route: Route, namespace: string | undefined, { labels, fields }: ListQuery): Selection {
  return new Selection(collectionKeyPrefix(route.store!.cacher.keyPrefix, namespace), labels, fields)
}

/** @throws StatusError BadRequest */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw newBadRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`)
}

/** People who look by hand get indented JSON. */
export function isPretty(query: string, userAgent: string): boolean {
  if (query.includes('pretty')) {
    const value = new URLSearchParams(query).get('pretty') ?? ''
    if (value !== '') return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)
  }
  return userAgent.startsWith('curl') || userAgent.startsWith('Wget') || userAgent.startsWith('Mozilla/5.0')
}
