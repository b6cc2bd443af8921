import type { RequestContext, Resource } from '#apiserver/registry/resource.ts'
import { events } from '#api/core/v1/resources.ts'
import type { Event } from '#api/core/v1/types.gen.ts'
import { validateEvent, validateEventUpdate } from '#api/core/v1/validation/event.ts'
import { events as eventsV1 } from '#api/events/v1/resources.ts'
import { eventColumns } from './columns.ts'
import { toCoreV1, toEventsV1 } from './conversion.ts'

const ttlSeconds = 3600

function isStrict({ resource }: RequestContext): boolean {
  return resource.group === eventsV1.group
}

/** Events: stored as core/v1, shown as events.k8s.io/v1 too, kept for an hour. */
export const eventsResource: Resource<Event> = {
  info: events,
  otherVersions: [{ info: eventsV1, fromStorage: toEventsV1, toStorage: toCoreV1 }],
  strategy: {
    applyDefaults(event) {
      event.involvedObject ??= {}
    },
    validateCreate: (event, context) => validateEvent(event, isStrict(context)),
    validateUpdate: (event, old, context) => validateEventUpdate(event, old, isStrict(context)),
    allowCreateOnUpdate: true,
  },
  columns: eventColumns,
  ttlSeconds,
  selectableFields: ({ involvedObject, reason, reportingComponent, source, type }) => {
    const about = {
      kind: involvedObject?.kind ?? '',
      namespace: involvedObject?.namespace ?? '',
      name: involvedObject?.name ?? '',
      uid: involvedObject?.uid ?? '',
      apiVersion: involvedObject?.apiVersion ?? '',
      resourceVersion: involvedObject?.resourceVersion ?? '',
      fieldPath: involvedObject?.fieldPath ?? '',
    }
    const fields: Record<string, string> = {
      reason: reason ?? '',
      reportingComponent: reportingComponent ?? '',
      // The name in events.k8s.io/v1.
      reportingController: reportingComponent ?? '',
      source: source?.component || reportingComponent || '',
      type: type ?? '',
    }
    for (const [name, value] of Object.entries(about)) {
      fields[`involvedObject.${name}`] = value
      fields[`regarding.${name}`] = value
    }
    return fields
  },
}
