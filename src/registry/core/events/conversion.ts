import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Event as CoreEvent } from '#api/core/v1/types.gen.ts'
import type { Event } from '#api/events/v1/types.gen.ts'

/** The fields that have two names, core/v1 first. All others are called the same. */
const renamed = [
  ['message', 'note'],
  ['involvedObject', 'regarding'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const

/** A stored core/v1 Event as events.k8s.io/v1. */
export function toEventsV1(object: KubeObject): Event {
  const names = new Map<string, string>(renamed)
  const event = rename(object, names, 'events.k8s.io/v1')
  // The newer group leaves out what the older one shows empty.
  for (const name of ['reportingController', 'reportingInstance']) if (event[name] === '') delete event[name]
  return event as unknown as Event
}

/** An events.k8s.io/v1 Event as it is stored. */
export function toCoreV1(object: KubeObject): CoreEvent {
  const names = new Map<string, string>(renamed.map(([core, other]) => [other, core]))
  const event = rename(object, names, 'v1') as unknown as CoreEvent
  event.involvedObject ??= {}
  return event
}

function rename(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(object)) result[names.get(name) ?? name] = value
  result['apiVersion'] = apiVersion
  return result
}
