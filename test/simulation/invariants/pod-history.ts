import type { ContainerStatus, Pod } from '#api/core/v1/types.gen.ts'
import { isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import type { LoggedWrite } from '../write-log.ts'
import type { Invariant } from './invariant.ts'

/** An invariant of what may become of a pod with one write. */
function ofChanges(name: string, problemOf: (before: Pod, after: Pod) => string | undefined): Invariant {
  return {
    name,
    onWrite(write) {
      const before = write.resource === 'pods' && write.type === 'put' ? podOf(write.previous) : undefined
      const problem = before && problemOf(before, podOf(write)!)
      return problem && `pod ${write.objectKey}: ${problem}`
    },
  }
}

function podOf(write: LoggedWrite | undefined): Pod | undefined {
  return write?.object as Pod | undefined
}

export const podsKeepTheirIdentity = (): Invariant =>
  ofChanges('a pod stays the same until it is gone', (before, after) =>
    before.metadata.uid === after.metadata.uid && before.metadata.creationTimestamp === after.metadata.creationTimestamp
      ? undefined
      : `${before.metadata.uid} became ${after.metadata.uid} without a deletion`,
  )

export const podsAreBoundOnce = (): Invariant =>
  ofChanges('a pod is bound once', ({ spec: before }, { spec: after }) =>
    (before.nodeName ?? '') === '' || before.nodeName === after.nodeName
      ? undefined
      : `was bound to ${before.nodeName}, then to ${after.nodeName}`,
  )

export const endsAreFinal = (): Invariant =>
  ofChanges('a pod that has ended has ended', ({ status: before }, { status: after }) =>
    !isTerminalPhase(before?.phase) || before?.phase === after?.phase ? undefined : `was ${before?.phase}, then ${after?.phase}`,
  )

export const deletionGoesOn = (): Invariant =>
  ofChanges('a deletion is not called off', ({ metadata: before }, { metadata: after }) => {
    if (before.deletionTimestamp === undefined) return undefined
    if (after.deletionTimestamp === undefined) return 'was being deleted, and is no more'
    return after.deletionTimestamp! <= before.deletionTimestamp!
      ? undefined
      : `its end moved from ${before.deletionTimestamp} to ${after.deletionTimestamp}`
  })

export const restartsCountUp = (): Invariant =>
  ofChanges('restarts count up', ({ status: before }, { status: after }) => {
    const all = (status: Pod['status']): ContainerStatus[] => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]
    for (const { name, restartCount } of all(before)) {
      const now = all(after).find(status => status.name === name)
      if (now !== undefined && now.restartCount < restartCount) return `${name} had ${restartCount} restarts, then ${now.restartCount}`
    }
    return undefined
  })
