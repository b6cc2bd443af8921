import type { LabelSelector } from '#apimachinery/meta/v1/types.gen.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { ownField } from '#apimachinery/value/own-field.ts'
import type { Strategy } from '#apiserver/registry/resource.ts'
import { defaultPod } from '#api/core/v1/defaults/pod.ts'
import { semanticEqual } from '#api/core/v1/equality.ts'
import { isTerminalPhase, setPodCondition } from '#api/core/v1/pod-conditions.ts'
import { computePodQOS } from '#api/core/v1/qos.ts'
import type { Pod, PodAffinityTerm } from '#api/core/v1/types.gen.ts'
import { validatePodCreate } from '#api/core/v1/validation/pod.ts'
import { validatePodUpdate } from '#api/core/v1/validation/pod-update.ts'
import { warningsForPod } from '#api/core/v1/warnings/pod.ts'
import { adoptAppArmorAnnotations } from './app-armor.ts'

/** The life of a pod at `pods`. Behaviour: upstream's `registry/core/pod`. */
export const podStrategy: Strategy<Pod> = {
  applyDefaults: defaultPod,
  prepareForCreate(pod, context) {
    pod.metadata.generation = 1
    pod.status = { phase: 'Pending', qosClass: computePodQOS(pod.spec) }
    if (pod.spec.schedulingGates?.length) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates'
      const condition = { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }
      setPodCondition(pod.status, condition, formatTime(context.clock.now()))
    }
    mergeLabelKeys(pod)
    adoptAppArmorAnnotations(pod, context)
  },
  validateCreate: validatePodCreate,
  warningsOnCreate: ({ metadata, spec }) => warningsForPod(metadata, spec),
  prepareForUpdate(pod, old) {
    keepStatus(pod, old)
    bumpGeneration(pod, old)
  },
  validateUpdate: validatePodUpdate,
  gracePeriodSeconds: ({ spec, status }, requestedSeconds) => {
    if (!spec.nodeName || isTerminalPhase(status?.phase)) return 0
    const seconds = requestedSeconds ?? spec.terminationGracePeriodSeconds ?? 0
    return seconds < 0 ? 1 : seconds
  },
  resetFields: [['status']],
}

export function keepStatus(pod: Pod, old: Pod): void {
  if (old.status === undefined) delete pod.status
  else pod.status = old.status
}

/** The generation counts the versions of the spec (KEP-5067). */
export function bumpGeneration(pod: Pod, old: Pod): void {
  if (!semanticEqual(pod.spec, old.spec)) pod.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** `matchLabelKeys` become requirements with the pod's own values (KEP-3633, KEP-3243). */
function mergeLabelKeys({ metadata, spec }: Pod): void {
  const labels = metadata.labels ?? {}
  for (const affinity of [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity]) {
    const soft = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const terms: PodAffinityTerm[] = [
      ...soft.map(item => item.podAffinityTerm),
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ]
    for (const { labelSelector, matchLabelKeys, mismatchLabelKeys } of terms) {
      requireLabels(labelSelector, matchLabelKeys, 'In', labels)
      requireLabels(labelSelector, mismatchLabelKeys, 'NotIn', labels)
    }
  }
  for (const { labelSelector, matchLabelKeys } of spec.topologySpreadConstraints ?? [])
    requireLabels(labelSelector, matchLabelKeys, 'In', labels)
}

function requireLabels(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Record<string, string>,
): void {
  if (selector === undefined) return
  for (const key of keys ?? []) {
    const value = ownField(labels, key)
    if (value !== undefined) selector.matchExpressions = [...(selector.matchExpressions ?? []), { key, operator, values: [value] }]
  }
}
