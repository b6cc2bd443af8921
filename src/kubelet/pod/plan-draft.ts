import type { Pod, PodStatus } from '#api/core/v1/types.gen.ts'
import type { ObservedPod } from '../runtime/observed.ts'
import type { PodMemory } from './memory.ts'
import type { Step } from './step.ts'
import { earliest, type WakeTime } from './wake-time.ts'

export interface PlanInput {
  pod: Pod
  observed: ObservedPod
  memory: PodMemory
  /** The status that was last reported. */
  shown: PodStatus
  nowMs: number
}

export interface Plan {
  /** What to do now, all at once. Steps that are under way already are among them. */
  steps: Step[]
  /** Undefined for never. */
  wake: WakeTime | undefined
  /** Containers that wait before their next start, and how long. */
  backingOff: { container: string; untilMs: number; delayMs: number; failedAtMs: number }[]
  /** Nothing of the pod is left: its worker ends. */
  done: boolean
}

/** A plan while it is made: what is asked for so far, beside what it is made from. */
export class PlanDraft {
  readonly input: PlanInput
  readonly plan: Plan = { steps: [], wake: undefined, backingOff: [], done: false }

  constructor(input: PlanInput) {
    this.input = input
  }

  add(step: Step): void {
    this.plan.steps.push(step)
  }

  wakeAt(time: WakeTime): void {
    this.plan.wake = earliest([this.plan.wake, time])
  }

  /** False, with a timer, while a retry time lies ahead. */
  isDue(retryAtMs: number | undefined, reason: string): boolean {
    if (retryAtMs === undefined || retryAtMs <= this.input.nowMs) return true
    this.wakeAt({ atMs: retryAtMs, reason })
    return false
  }
}
