import { type FieldError, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { path } from '#apimachinery/validation/field-error.ts'
import { validateFieldManager } from '#apimachinery/validation/names.ts'
import type { FieldValidation } from '#apimachinery/codec/json.ts'
import type { DeletionOptions } from '../registry/resource.ts'
import type { Call } from './call.ts'
import { booleanOf, integerOf, newInvalidOptions } from './query-values.ts'

export interface WriteQuery {
  fieldValidation: FieldValidation
  /** Of applies. */
  force: boolean | undefined
}

const noQuery: WriteQuery = { fieldValidation: 'Warn', force: undefined }

/**
 * The options of a create, update or patch, checked; sets `call.dryRun`.
 * @throws StatusError Invalid
 */
export function parseWriteQuery(call: Call, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions', isApply = false): WriteQuery {
  if (call.apiRequest.query === '' && !isApply) return noQuery
  const { query } = call
  const errors: FieldError[] = []
  const manager = query.get('fieldManager') ?? ''
  const force = kind === 'PatchOptions' ? booleanOf(query, 'force') : undefined
  if (isApply && manager === '') errors.push(required('fieldManager', 'is required for apply patch'))
  if (!isApply && force !== undefined)
    errors.push({ type: 'FieldValueForbidden', field: 'force', badValue: '', detail: 'may not be specified for non-apply patch' })
  errors.push(...validateFieldManager(manager, path('fieldManager')))
  call.dryRun = parseDryRun(query.getAll('dryRun'), errors)
  const fieldValidation = query.get('fieldValidation') ?? ''
  if (!['', 'Ignore', 'Warn', 'Strict'].includes(fieldValidation)) {
    errors.push(notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn']))
  }
  if (errors.length > 0) throw newInvalidOptions(kind, errors)
  return { fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation), force }
}

function parseDryRun(values: readonly string[], errors: FieldError[]): boolean {
  if (values.some(value => value !== 'All')) errors.push(notSupported('dryRun', values, ['All']))
  return values.length > 0
}

/** `orphanDependents` is the deprecated form of a policy. */
export interface DeleteQuery extends DeletionOptions {
  orphanDependents?: boolean
}

/**
 * What a deletion's body, or without one its query, asks for.
 * @throws StatusError BadRequest, Invalid
 */
export function parseDeleteQuery(call: Call, body: Record<string, unknown> | undefined): DeleteQuery {
  const wish = body ?? wishOf(call.query)
  const errors: FieldError[] = []
  const { gracePeriodSeconds, preconditions, propagationPolicy, orphanDependents, dryRun } = wish as {
    gracePeriodSeconds?: number
    preconditions?: DeletionOptions['preconditions']
    propagationPolicy?: string
    orphanDependents?: boolean
    dryRun?: string[]
  }
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push(invalid('propagationPolicy', propagationPolicy, 'orphanDependents and deletionPropagation cannot be both set'))
  }
  const policies = ['Foreground', 'Background', 'Orphan']
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.push(notSupported('propagationPolicy', propagationPolicy, [...policies, 'nil']))
  }
  const isDryRun = parseDryRun(dryRun ?? [], errors)
  if (errors.length > 0) throw newInvalidOptions('DeleteOptions', errors)
  call.dryRun = isDryRun
  const policy = propagationPolicy ?? (orphanDependents === undefined ? undefined : orphanDependents ? 'Orphan' : 'Background')
  return {
    dryRun: isDryRun,
    ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }),
    ...(preconditions !== undefined && { preconditions }),
    ...(policy !== undefined && { propagationPolicy: policy as NonNullable<DeletionOptions['propagationPolicy']> }),
    ...(orphanDependents !== undefined && { orphanDependents }),
  }
}

function wishOf(query: URLSearchParams): Record<string, unknown> {
  return {
    gracePeriodSeconds: integerOf(query, 'gracePeriodSeconds'),
    propagationPolicy: query.get('propagationPolicy') ?? undefined,
    orphanDependents: booleanOf(query, 'orphanDependents'),
    dryRun: query.getAll('dryRun'),
  }
}
