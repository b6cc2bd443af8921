import { findCondition } from '#api/core/v1/pod-conditions.ts'
import { taintText } from '#api/core/v1/taints.ts'
import type { Node, NodeCondition, Taint } from '#api/core/v1/types.gen.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'

/** A node that was not heard of for this long is unhealthy (node-monitor-grace-period). */
export const monitorGracePeriodMs = 50_000
/** A node that never reported gets this long after its creation (node-startup-grace-period). */
export const startupGracePeriodMs = 60_000

const lifecycleTaintKeys = {
  notReady: 'node.kubernetes.io/not-ready',
  unreachable: 'node.kubernetes.io/unreachable',
  memoryPressure: 'node.kubernetes.io/memory-pressure',
  diskPressure: 'node.kubernetes.io/disk-pressure',
  pidPressure: 'node.kubernetes.io/pid-pressure',
  networkUnavailable: 'node.kubernetes.io/network-unavailable',
  unschedulable: 'node.kubernetes.io/unschedulable',
}
const managedKeys = new Set(Object.values(lifecycleTaintKeys))

export interface NodeObservation {
  node: Node
  /** It has renewed its lease, or written a status, at least once. */
  hasReported: boolean
  /**
   * How long nothing was heard of it: since this process saw the newest heartbeat (the node's own clock may be off), or since its creation
   * when there never was one.
   */
  silentMs: number
  /** Wall time, for what is written. */
  nowMs: number
}

export interface NodePlan {
  /** New status conditions, when some must change. Taints follow from the conditions that are written: they come with the next plan. */
  conditions?: NodeCondition[]
  /** New taints, when some must change. */
  taints?: Taint[]
  /** Whether the node's pods must be marked not ready: nobody else can say so. */
  podsNotReady: boolean
  /** When to look again without any event; undefined when nothing can change by time alone. */
  checkAfterMs: number | undefined
}

/** What the node lifecycle controller does about one node. Pure. Behaviour: kube-controller-manager's node-lifecycle-controller. */
export function planNode({ node, hasReported, silentMs, nowMs }: NodeObservation): NodePlan {
  const graceMs = hasReported ? monitorGracePeriodMs : startupGracePeriodMs
  const plan: NodePlan = { podsNotReady: false, checkAfterMs: undefined }
  if (silentMs < graceMs) {
    plan.checkAfterMs = graceMs - silentMs
  } else {
    const conditions = unknownConditions(node, nowMs)
    if (conditions !== undefined) return { ...plan, conditions }
  }
  plan.podsNotReady = findCondition(node.status?.conditions, 'Ready')?.status === 'Unknown'
  const taints = lifecycleTaints(node, nowMs)
  if (!sameTaints(taints, node.spec.taints ?? [])) plan.taints = taints
  return plan
}

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** Every watched condition as Unknown, because nobody reports them any more. Undefined when they all are already. */
function unknownConditions(node: Node, nowMs: number): NodeCondition[] | undefined {
  const before = node.status?.conditions ?? []
  const now = formatTime(nowMs)
  const after = before.map(condition =>
    !watchedConditions.includes(condition.type) || condition.status === 'Unknown'
      ? condition
      : {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: now,
        },
  )
  for (const type of watchedConditions) {
    if (before.some(condition => condition.type === type)) continue
    after.push({
      type,
      status: 'Unknown',
      reason: 'NodeStatusNeverUpdated',
      message: 'Kubelet never posted node status.',
      lastHeartbeatTime: node.metadata.creationTimestamp,
      lastTransitionTime: now,
    })
  }
  return after.length === before.length && after.every((condition, index) => condition === before[index]) ? undefined : after
}

function lifecycleTaints(node: Node, nowMs: number): Taint[] {
  const statusOf = (type: string) => findCondition(node.status?.conditions, type)?.status
  const wanted: Taint[] = []
  const add = (key: string, effect: string) => wanted.push({ key, effect })
  const ready = statusOf('Ready')
  if (ready === 'Unknown') {
    add(lifecycleTaintKeys.unreachable, 'NoSchedule')
    add(lifecycleTaintKeys.unreachable, 'NoExecute')
  } else if (ready !== 'True') {
    add(lifecycleTaintKeys.notReady, 'NoSchedule')
    // A node that has not reported yet runs nothing that could be evicted.
    if (ready !== undefined) add(lifecycleTaintKeys.notReady, 'NoExecute')
  }
  if (statusOf('MemoryPressure') === 'True') add(lifecycleTaintKeys.memoryPressure, 'NoSchedule')
  if (statusOf('DiskPressure') === 'True') add(lifecycleTaintKeys.diskPressure, 'NoSchedule')
  if (statusOf('PIDPressure') === 'True') add(lifecycleTaintKeys.pidPressure, 'NoSchedule')
  if (statusOf('NetworkUnavailable') === 'True') add(lifecycleTaintKeys.networkUnavailable, 'NoSchedule')
  if (node.spec.unschedulable === true) add(lifecycleTaintKeys.unschedulable, 'NoSchedule')
  const present = node.spec.taints ?? []
  const dated = wanted.map(
    taint => present.find(({ key, effect }) => key === taint.key && effect === taint.effect) ?? { ...taint, timeAdded: formatTime(nowMs) },
  )
  return present.filter(({ key }) => !managedKeys.has(key)).concat(dated)
}

function sameTaints(left: readonly Taint[], right: readonly Taint[]): boolean {
  const text = (taints: readonly Taint[]) => taints.map(taintText).sort()
  return JSON.stringify(text(left)) === JSON.stringify(text(right))
}
