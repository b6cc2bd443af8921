import {
  type FieldError,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
  tooMany,
} from '#apimachinery/validation/field-error.ts'
import type { Container, ContainerRestartRule } from '../types.gen.ts'

const policies = ['Always', 'OnFailure', 'Never']
const actions = ['Restart']
const operators = ['In', 'NotIn']
const rulesMax = 20
const exitCodesMax = 255

/** A container's own restart policy and the rules by exit code (KEP-5307). */
export function validateRestartRules(container: Container, path: FieldPath, type: 'regular' | 'init'): FieldError[] {
  const errors: FieldError[] = []
  const { restartPolicy, restartPolicyRules = [] } = container
  const at = path.child('restartPolicyRules')
  if (restartPolicy !== undefined && !policies.includes(restartPolicy)) {
    errors.push(notSupported(path.child('restartPolicy'), restartPolicy, policies))
  }
  if (restartPolicyRules.length === 0) return errors
  if (restartPolicy === undefined)
    errors.push(required(path.child('restartPolicy'), 'must specify restartPolicy when restart rules are used'))
  if (type === 'init' && restartPolicy === 'Always') {
    errors.push(forbidden(at, 'restartPolicyRules are not allowed for init containers with restart policy Always'))
  }
  if (restartPolicyRules.length > rulesMax) errors.push(tooMany(at, restartPolicyRules.length, rulesMax))
  return [...errors, ...restartPolicyRules.flatMap((rule, index) => validateRule(rule, at.index(index)))]
}

function validateRule({ action, exitCodes }: ContainerRestartRule, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!action) errors.push(required(path.child('action')))
  else if (!actions.includes(action)) errors.push(notSupported(path.child('action'), action, actions))
  const at = path.child('exitCodes')
  if (exitCodes === undefined) return [...errors, required(at, 'must be specified')]
  if (!exitCodes.operator) errors.push(required(at.child('operator')))
  else if (!operators.includes(exitCodes.operator)) errors.push(notSupported(at.child('operator'), exitCodes.operator, operators))
  const values = exitCodes.values ?? []
  if (values.length === 0) errors.push(invalid(at.child('values'), values, 'must have at least 1 value'))
  if (values.length > exitCodesMax) errors.push(tooMany(at.child('values'), values.length, exitCodesMax))
  return errors
}
