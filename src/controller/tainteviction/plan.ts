import { minTolerationSeconds } from '#api/core/v1/taints.ts'
import type { Taint, Toleration } from '#api/core/v1/types.gen.ts'

/** What was decided about a pod: it leaves its node at `dueMs`, or has been asked to. */
export interface Eviction {
  uid: string
  /** When the time began that is tolerated. */
  sinceMs: number
  dueMs: number
  isMarked: boolean
}

export type EvictionStep =
  /** Nothing to do; look again at `againAtMs`, if ever. */
  | { type: 'wait'; eviction: Eviction | undefined; againAtMs?: number }
  /** Now. */
  | { type: 'evict'; eviction: Eviction }
  /** What was planned is called off. */
  | { type: 'cancel' }

export interface EvictionObservation {
  /** Undefined when there is no such pod, or it has no node. */
  pod: { uid: string; tolerations: readonly Toleration[] } | undefined
  /** Of the pod's node; undefined when the node is gone: then what was planned stays planned. */
  taints: readonly Taint[] | undefined
  /** What was decided before. */
  before: Eviction | undefined
  /** Monotonic. */
  nowMs: number
}

/**
 * What the taint eviction controller does about one pod. Pure. Behaviour: kube-controller-manager's taint-eviction-controller. The time
 * that a pod tolerates its node's taints begins when it is first seen there with them, and goes on when more taints come.
 */
export function planEviction({ pod, taints, before, nowMs }: EvictionObservation): EvictionStep {
  const known = before !== undefined && before.uid === pod?.uid ? before : undefined
  if (pod === undefined || (before !== undefined && known === undefined)) return callOff(before)
  if (taints !== undefined) {
    const noExecute = taints.filter(({ effect }) => effect === 'NoExecute')
    const seconds = minTolerationSeconds(noExecute, pod.tolerations)
    if (seconds === undefined) return callOff(known)
    if (known?.isMarked === true) return { type: 'wait', eviction: known }
    if (seconds === 0) return { type: 'evict', eviction: { uid: pod.uid, sinceMs: nowMs, dueMs: nowMs, isMarked: true } }
    if (known === undefined) {
      const dueMs = nowMs + seconds * 1_000
      return { type: 'wait', eviction: { uid: pod.uid, sinceMs: nowMs, dueMs, isMarked: false }, againAtMs: dueMs }
    }
  }
  if (known === undefined || known.isMarked) return { type: 'wait', eviction: known }
  if (nowMs < known.dueMs) return { type: 'wait', eviction: known, againAtMs: known.dueMs }
  return { type: 'evict', eviction: { ...known, isMarked: true } }
}

function callOff(before: Eviction | undefined): EvictionStep {
  return before === undefined || before.isMarked ? { type: 'wait', eviction: undefined } : { type: 'cancel' }
}
