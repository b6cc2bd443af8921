import type { ContainerState, ContainerStatus, Event, Pod } from '#api/core/v1/types.gen.ts'
import { humanDuration } from '#apimachinery/duration/duration.ts'
import { summarizePod } from '#registry/core/pods/summary.ts'

export interface PodReport {
  /** Undefined when there is none. */
  pod: Pod | undefined
  /** What may have been meant. */
  hint?: string | undefined
  /** Oldest first. */
  events: readonly Event[]
  /** Of each container that has logged something. */
  logs: ReadonlyMap<string, string>
  /** The cluster's time. */
  nowMs: number
}

const eventsMax = 10
const logLinesMax = 10

/** What people look at when a Pod is not as it should be: its status, its containers, what happened to it, what it said. */
export function describePod({ pod, hint, events, logs, nowMs }: PodReport): string {
  const lines = pod === undefined ? ['There is no such Pod.'] : [...statusLines(pod), ...containerLines(pod, nowMs)]
  if (hint !== undefined) lines.push(hint)
  if (events.length > 0) lines.push('Events:', ...events.slice(-eventsMax).map(event => `  ${eventLine(event, nowMs)}`))
  for (const [container, text] of logs) {
    lines.push(`Logs of ${container}:`, ...lastLines(text).map(line => `  ${line}`))
  }
  return lines.join('\n')
}

function statusLines(pod: Pod): string[] {
  const { ready, total, reason } = summarizePod(pod)
  const { status = {}, spec } = pod
  const lines = [`Status: ${reason}, ${ready}/${total} ready, ${spec.nodeName ? `on node ${spec.nodeName}` : 'on no node'}`]
  if (status.message) lines.push(`Message: ${status.message}`)
  for (const { type, status: value, reason: why, message } of status.conditions ?? []) {
    if (value !== 'True') lines.push(`Condition ${type} is ${value}${detail(why, message)}`)
  }
  return lines
}

function containerLines({ status = {} }: Pod, nowMs: number): string[] {
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  return containers.length === 0 ? [] : ['Containers:', ...containers.flatMap(container => containerStates(container, nowMs))]
}

function containerStates({ name, state, lastState, restartCount }: ContainerStatus, nowMs: number): string[] {
  const restarts = restartCount === 0 ? '' : `, restarted ${restartCount} times`
  const last = stateText(lastState, nowMs)
  return [`  ${name}: ${stateText(state, nowMs) ?? 'waiting'}${restarts}`, ...(last === undefined ? [] : [`    before: ${last}`])]
}

function stateText({ waiting, running, terminated }: ContainerState = {}, nowMs: number): string | undefined {
  if (running !== undefined) return `running for ${since(running.startedAt, nowMs)}`
  if (waiting !== undefined) return `waiting${detail(waiting.reason, waiting.message)}`
  if (terminated === undefined) return undefined
  const { exitCode, reason, message, finishedAt } = terminated
  return `terminated ${since(finishedAt, nowMs)} ago with exit code ${exitCode}${detail(reason, message)}`
}

function eventLine({ type, reason, message, count = 1, lastTimestamp, eventTime }: Event, nowMs: number): string {
  return `${type} ${reason}, ${since(lastTimestamp ?? eventTime, nowMs)} ago${count > 1 ? ` (${count} times)` : ''}: ${message}`
}

function lastLines(text: string): string[] {
  return text.trimEnd().split('\n').slice(-logLinesMax)
}

function detail(reason: string | undefined, message: string | undefined): string {
  return [reason, message]
    .filter(part => part !== undefined && part !== '')
    .map(part => `: ${part}`)
    .join('')
}

function since(time: string | null | undefined, nowMs: number): string {
  return time ? humanDuration(nowMs - Date.parse(time)) : 'an unknown time'
}
