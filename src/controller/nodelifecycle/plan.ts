import type { Lease } from '#api/coordination/v1/types.gen.ts'
import type { Node, NodeCondition, Taint } from '#api/core/v1/types.gen.ts'

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
  lease: Lease | undefined
  /** When this process first saw the newest heartbeat (lease renewal or Ready heartbeat), on the wall clock: the node's own clock may be off. */
  heardAtMs: number
  nowMs: number
}

export interface NodePlan {
  /** New status conditions, when some must change. */
  conditions?: NodeCondition[]
  /** New taints, when some must change. */
  taints?: Taint[]
  /** Whether the node's pods must be marked not ready. */
  podsNotReady: boolean
  /** When to look again without any event; undefined when nothing can change by time alone. */
  checkAfterMs: number | undefined
}

/** What the node lifecycle controller does about one node. Pure. Behaviour: kube-controller-manager's node-lifecycle-controller. */
export function planNode({ node, heardAtMs, nowMs, lease }: NodeObservation): NodePlan {
  const conditions = node.status?.conditions ?? []
  const ready = conditions.find(({ type }) => type === 'Ready')
  const hasReported = ready !== undefined || lease !== undefined
  const graceMs = hasReported ? monitorGracePeriodMs : startupGracePeriodMs
  const silentMs = nowMs - (hasReported ? heardAtMs : Date.parse(node.metadata.creationTimestamp ?? '') || heardAtMs)
  const plan: NodePlan = { podsNotReady: false, checkAfterMs: undefined }
  let current = conditions
  if (silentMs >= graceMs) {
    current = unknownConditions(node, nowMs)
    if (current !== conditions) plan.conditions = current
  } else {
    plan.checkAfterMs = graceMs - silentMs
  }
  plan.podsNotReady = ready !== undefined && current.find(({ type }) => type === 'Ready')?.status !== 'True'
  const taints = lifecycleTaints(node, current, nowMs)
  if (!sameTaints(taints, node.spec.taints ?? [])) plan.taints = taints
  return plan
}

const watchedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** Every watched condition as Unknown, because nobody reports them any more. The same array when they all are already. */
function unknownConditions(node: Node, nowMs: number): NodeCondition[] {
  const before = node.status?.conditions ?? []
  const now = timestamp(nowMs)
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
  return after.length === before.length && after.every((condition, index) => condition === before[index]) ? before : after
}

function lifecycleTaints(node: Node, conditions: readonly NodeCondition[], nowMs: number): Taint[] {
  const statusOf = (type: string) => conditions.find(condition => condition.type === type)?.status
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
  const dated = wanted.map(taint => {
    const old = present.find(({ key, effect }) => key === taint.key && effect === taint.effect)
    return (
      old ??
      (taint.effect === 'NoExecute' || taint.key === lifecycleTaintKeys.unschedulable ? { ...taint, timeAdded: timestamp(nowMs) } : taint)
    )
  })
  return [...present.filter(({ key }) => !managedKeys.has(key)), ...dated]
}

function sameTaints(left: readonly Taint[], right: readonly Taint[]): boolean {
  const text = (taints: readonly Taint[]) => taints.map(({ key, value, effect }) => `${key}=${value ?? ''}:${effect}`).sort()
  return JSON.stringify(text(left)) === JSON.stringify(text(right))
}

function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}
