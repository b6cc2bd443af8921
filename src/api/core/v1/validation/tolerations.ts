import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '#apimachinery/validation/field-error.ts'
import { isValidLabelValue, validateLabelName } from '#apimachinery/validation/names.ts'
import { semanticEqual } from '../equality.ts'
import { parseComparedInteger } from '../taints.ts'
import type { Taint, Toleration } from '../types.gen.ts'

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const operators = ['Equal', 'Exists', 'Lt', 'Gt']

export function validateTolerations(tolerations: readonly Toleration[] | undefined, path: FieldPath): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) => validateToleration(toleration, path.index(index)))
}

function validateToleration(toleration: Toleration, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const { key, operator = '', value = '', effect = '', tolerationSeconds } = toleration
  if (key) errors.push(...validateLabelName(key, path.child('key')))
  else if (operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalid(path.child('operator'), operator, detail))
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(path.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  errors.push(...validateOperator(operator, value, path))
  if (effect !== '' && !effects.includes(effect)) errors.push(notSupported(path.child('effect'), effect, effects))
  return errors
}

function validateOperator(operator: string, value: string, path: FieldPath): FieldError[] {
  const at = path.child('operator')
  if (operator === '' || operator === 'Equal') {
    const messages = isValidLabelValue(value)
    return messages.length === 0 ? [] : [invalid(at, value, messages.join(';'))]
  }
  if (operator === 'Exists') return value === '' ? [] : [invalid(at, value, "value must be empty when `operator` is 'Exists'")]
  if (operator === 'Lt' || operator === 'Gt') {
    if (parseComparedInteger(value) !== undefined) return []
    return [invalid(path.child('value'), value, `value must be a valid integer when operator is '${operator}'`)]
  }
  return [notSupported(at, operator, operators)]
}

/** Tolerations may be added, and their seconds changed, but none may go away. */
export function validateOnlyAddedTolerations(now: readonly Toleration[], old: readonly Toleration[], path: FieldPath): FieldError[] {
  for (const one of old) {
    const kept = now.some(other => semanticEqual({ ...one, tolerationSeconds: other.tolerationSeconds }, other))
    if (!kept) return [forbidden(path, 'existing toleration can not be modified except its tolerationSeconds')]
  }
  return validateTolerations(now, path)
}

export function validateTaints(taints: readonly Taint[] | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, taint] of (taints ?? []).entries()) {
    const at = path.index(index)
    errors.push(...validateLabelName(taint.key, at.child('key')))
    const messages = isValidLabelValue(taint.value ?? '')
    if (messages.length > 0) errors.push(invalid(at.child('value'), taint.value, messages.join(';')))
    if (!taint.effect) errors.push(required(at.child('effect')))
    else if (!effects.includes(taint.effect)) errors.push(notSupported(at.child('effect'), taint.effect, effects))
    const identity = `${taint.effect} ${taint.key}`
    if (seen.has(identity)) errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' })
    seen.add(identity)
  }
  return errors
}
