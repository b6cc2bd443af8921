import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { findCondition } from '#api/core/v1/pod-conditions.ts'
import type { Event, Node, Pod } from '#api/core/v1/types.gen.ts'
import type { Failure } from './verdict.ts'
import type { LoggedWrite, WriteLog } from './write-log.ts'

/** What a run came to, as text and numbers that can go from process to process. */
export interface Report {
  seed: number
  steps: readonly string[]
  failure: Failure | undefined
  /** The last writes before the end. */
  writes: readonly string[]
  writeCount: number
  /** Milliseconds of the cluster's time. */
  passedMs: number
}

export interface Replay {
  seed: number
  steps: number
  without: readonly number[]
  canary: string | undefined
}

const writesShown = 60

export function lastWrites({ writes }: WriteLog): string[] {
  // Heartbeats say nothing.
  const telling = writes.filter(({ resource }) => resource !== 'leases.coordination.k8s.io')
  const startMs = writes[0]?.atMs ?? 0
  return telling.slice(-writesShown).map(write => formatWrite(write, startMs))
}

function formatWrite({ revision, type, atMs, resource, objectKey, object }: LoggedWrite, startMs: number): string {
  const seconds = ((atMs - startMs) / 1000).toFixed(2).padStart(9)
  const text = type === 'delete' ? 'deleted' : (descriptions[resource]?.(object) ?? '')
  return `${String(revision).padStart(6)}${seconds} s  ${resource} ${objectKey} ${text}`.trimEnd()
}

const descriptions: Record<string, (object: KubeObject) => string> = {
  pods: object => {
    const { metadata, spec, status } = object as Pod
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].map(
      ({ name, state, restartCount }) => {
        const what = state?.waiting?.reason ?? state?.terminated?.reason ?? (state?.running === undefined ? 'nothing' : 'running')
        return `${name}=${what}${restartCount === 0 ? '' : `(${restartCount})`}`
      },
    )
    const ready = findCondition(status?.conditions, 'Ready')?.status === 'True' ? 'ready' : ''
    const deleted = metadata.deletionTimestamp === undefined ? '' : 'terminating'
    return [spec.nodeName ?? 'no node', status?.phase, status?.reason, ready, deleted, ...containers].filter(text => text).join(' ')
  },
  nodes: object => {
    const { spec, status } = object as Node
    const taints = (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
    return [`Ready=${findCondition(status?.conditions, 'Ready')?.status}`, ...taints].join(' ')
  },
  events: object => {
    const { involvedObject, reason, message, count } = object as Event
    return `${involvedObject.kind}/${involvedObject.name} ${reason} x${count}: ${message}`
  },
}

/** What a person needs to understand the failure and to see it again. */
export function formatFailure({ seed, steps, failure, writes }: Report, replay: Replay): string {
  return [
    `seed ${seed} fails: ${failure?.invariant}`,
    ...(failure?.message ?? '').split('\n').map(line => `  ${line}`),
    '',
    'what was done (step, time of the cluster):',
    ...steps.map(line => `  ${line}`),
    '',
    `the last writes (revision, time of the cluster):`,
    ...writes.map(line => `  ${line}`),
    '',
    `again: ${replayCommand(replay)}`,
  ].join('\n')
}

export function replayCommand({ seed, steps, without, canary }: Replay): string {
  const flags = [`--seed ${seed}`, `--steps ${steps}`]
  if (without.length > 0) flags.push(`--without ${without.join(',')}`)
  if (canary !== undefined) flags.push(`--canary ${canary}`)
  return `npm run simulate -- ${flags.join(' ')}`
}
