import { isSidecar } from '#api/core/v1/containers.ts'
import type { Container, Pod } from '#api/core/v1/types.gen.ts'

/** Whether a container that ended with `exitCode` is to run again, by its own rules and policy or else the pod's. */
export function shouldRestart(pod: Pod, container: Container, exitCode: number): boolean {
  if (isInitContainer(pod, container) && isSidecar(container)) return true
  for (const rule of container.restartPolicyRules ?? []) {
    const { operator, values = [] } = rule.exitCodes ?? {}
    const matches = operator === 'In' ? values.includes(exitCode) : operator === 'NotIn' ? !values.includes(exitCode) : false
    if (matches && rule.action === 'Restart') return true
  }
  const policy = container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  if (policy === 'Never') return false
  // An init container has done its work when it ended well, whatever the policy.
  if (policy === 'OnFailure' || isInitContainer(pod, container)) return exitCode !== 0
  return true
}

function isInitContainer(pod: Pod, container: Container): boolean {
  return pod.spec.initContainers?.includes(container) ?? false
}
