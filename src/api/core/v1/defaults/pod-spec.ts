import { canonicalResourceList } from '../resource-list.ts'
import type { PodSpec } from '../types.gen.ts'
import { defaultContainer } from './container.ts'
import { defaultVolume } from './volume.ts'

const terminationGracePeriodSeconds = 30

/** Defaults that hold for pods and for pod templates alike. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.containers ??= []
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  for (const list of [spec.initContainers, spec.containers, spec.ephemeralContainers]) {
    for (const container of list ?? []) defaultContainer(container)
  }
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.restartPolicy ||= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= terminationGracePeriodSeconds
  spec.schedulerName ||= 'default-scheduler'
  if (spec.overhead !== undefined) spec.overhead = canonicalResourceList(spec.overhead)
  if (spec.resources?.limits !== undefined) spec.resources.limits = canonicalResourceList(spec.resources.limits)
  if (spec.resources?.requests !== undefined) spec.resources.requests = canonicalResourceList(spec.resources.requests)
  syncServiceAccount(spec)
}

/** `serviceAccount` is the old name of `serviceAccountName`: both are always shown; the new one wins. */
function syncServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (!name) return
  spec.serviceAccountName = name
  spec.serviceAccount = name
}
