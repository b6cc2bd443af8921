import type { Column } from '#apiserver/registry/resource.ts'
import type { Event } from '#api/core/v1/types.gen.ts'
import { elapsedSince } from '../../object-columns.ts'

export const eventColumns: readonly Column<Event>[] = [
  { name: 'Last Seen', type: 'string', priority: 0, description: 'Time since it happened last.', value: lastSeen },
  { name: 'Type', type: 'string', priority: 0, description: 'Normal or Warning.', value: ({ type }) => type ?? '' },
  { name: 'Reason', type: 'string', priority: 0, description: 'What happened, in one word.', value: ({ reason }) => reason ?? '' },
  { name: 'Object', type: 'string', priority: 0, description: 'What it happened to.', value: objectText },
  {
    name: 'Subobject',
    type: 'string',
    priority: 1,
    description: 'Part of the object that it happened to.',
    value: ({ involvedObject }) => involvedObject?.fieldPath ?? '',
  },
  { name: 'Source', type: 'string', priority: 1, description: 'Who reported it.', value: sourceText },
  {
    name: 'Message',
    type: 'string',
    priority: 0,
    description: 'What happened, for people.',
    value: ({ message }) => (message ?? '').trim(),
  },
  { name: 'First Seen', type: 'string', priority: 1, description: 'Time since it happened first.', value: firstSeen },
  {
    name: 'Count',
    type: 'string',
    priority: 1,
    description: 'How often it happened.',
    value: ({ series, count }) => series?.count ?? (count || 1),
  },
  { name: 'Name', type: 'string', format: 'name', priority: 1, description: 'Name of the event.', value: ({ metadata }) => metadata.name },
]

function firstSeen({ firstTimestamp, eventTime }: Event, now: number): string {
  return elapsedSince(firstTimestamp || eventTime, now)
}

function lastSeen(event: Event, now: number): string {
  if (event.series !== undefined) return elapsedSince(event.series.lastObservedTime, now)
  return event.lastTimestamp ? elapsedSince(event.lastTimestamp, now) : firstSeen(event, now)
}

function objectText({ involvedObject }: Event): string {
  const { kind = '', name = '' } = involvedObject ?? {}
  return name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const instance = source?.host || reportingInstance || ''
  return instance === '' ? component : `${component}, ${instance}`
}
