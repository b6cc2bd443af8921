import { type FieldError, type FieldPath, notSupported, required } from '#apimachinery/validation/field-error.ts'

const pullPolicies = ['Always', 'IfNotPresent', 'Never']

export function validatePullPolicy(policy: string | undefined, path: FieldPath): FieldError[] {
  if (!policy) return [required(path)]
  return pullPolicies.includes(policy) ? [] : [notSupported(path, policy, pullPolicies)]
}
