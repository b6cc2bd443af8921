import { type FieldError, invalid, path, required } from '#apimachinery/validation/field-error.ts'
import { isDNS1123Subdomain, isQualifiedName, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import { semanticEqual } from '../equality.ts'
import type { Event } from '../types.gen.ts'
import { validateCoreMeta, validateCoreMetaUpdate, validateImmutable } from './names.ts'

const lengthMax = { reportingInstance: 128, action: 128, reason: 128, message: 1024 }

/** `strict`: the request came through events.k8s.io/v1, which has the newer rules. */
export function validateEvent(event: Event, strict: boolean): FieldError[] {
  const errors = validateLegacy(event)
  if (!strict) return errors
  errors.push(...validateCoreMeta(event.metadata, { namespaced: true, nameFn: nameIsDNSSubdomain }), ...validateSeries(event))
  if (!event.eventTime) errors.push(required(path('eventTime')))
  if (event.type !== 'Normal' && event.type !== 'Warning') errors.push(invalid(path('type'), '', `has invalid value: ${event.type ?? ''}`))
  const unset: [string, boolean][] = [
    ['firstTimestamp', Boolean(event.firstTimestamp)],
    ['lastTimestamp', Boolean(event.lastTimestamp)],
    ['count', Boolean(event.count)],
    ['source', Boolean(event.source?.component || event.source?.host)],
  ]
  for (const [field, isSet] of unset) if (isSet) errors.push(invalid(path(field), '', 'needs to be unset'))
  return errors
}

const fixedFields = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'reason',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const

export function validateEventUpdate(event: Event, old: Event, strict: boolean): FieldError[] {
  const errors = validateLegacy(event)
  if (!strict) return errors
  errors.push(...validateCoreMetaUpdate(event.metadata, old.metadata))
  if (!semanticEqual(event.series, old.series)) errors.push(...validateSeries(event))
  for (const field of fixedFields) {
    const shown = field === 'reportingComponent' ? 'reportingController' : field
    errors.push(...validateImmutable(event[field], old[field], path(shown)))
  }
  return errors
}

function validateSeries({ series }: Event): FieldError[] {
  if (series === undefined) return []
  const errors: FieldError[] = []
  if ((series.count ?? 0) < 2) errors.push(invalid(path('series.count'), '', 'should be at least 2'))
  if (!series.lastObservedTime) errors.push(required(path('series.lastObservedTime')))
  return errors
}

/** The rules of all times: events of a namespace are about objects of that namespace, or about objects of none. */
function validateLegacy(event: Event): FieldError[] {
  const errors: FieldError[] = []
  const { metadata, involvedObject } = event
  const namespace = metadata.namespace ?? ''
  const about = involvedObject?.namespace ?? ''
  const homeless = event.eventTime ? ['default', 'kube-system'] : ['', 'default']
  const differs = about === '' ? !homeless.includes(namespace) : !event.eventTime && namespace !== about
  if (differs) errors.push(invalid(path('involvedObject', 'namespace'), about, 'does not match event.namespace'))
  if (event.eventTime) errors.push(...validateNewFields(event))
  return [...errors, ...isDNS1123Subdomain(namespace).map(message => invalid(path('namespace'), namespace, message))]
}

function validateNewFields(event: Event): FieldError[] {
  const errors: FieldError[] = []
  const { reportingComponent = '', message = '' } = event
  const at = path('reportingController')
  if (reportingComponent === '') errors.push(required(at))
  errors.push(...isQualifiedName(reportingComponent).map(text => invalid(at, reportingComponent, text)))
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    const value = event[field] ?? ''
    if (value === '') errors.push(required(path(field)))
    if (Buffer.byteLength(value) > lengthMax[field]) {
      errors.push(invalid(path(field), '', `can have at most ${lengthMax[field]} characters`))
    }
  }
  if (Buffer.byteLength(message) > lengthMax.message) {
    errors.push(invalid(path('message'), '', `can have at most ${lengthMax.message} characters`))
  }
  return errors
}
