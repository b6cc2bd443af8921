import type { Pod } from '#api/core/v1/types.gen.ts'
import type { ObservedPod } from '../runtime/observed.ts'
import type { PodMemory } from './memory.ts'
import type { Step } from './step.ts'

export interface PlanInput {
  pod: Pod
  observed: ObservedPod
  memory: PodMemory
  nowMs: number
}

export interface Plan {
  /** What to do now, all at once. Steps that are under way already are among them. */
  steps: Step[]
  /** When to plan again even if nothing happens; undefined for never. */
  wakeAtMs: number | undefined
  /** Containers that wait before their next start, and how long. */
  backingOff: { container: string; untilMs: number; delayMs: number; failedAtMs: number }[]
  /** Nothing of the pod is left: its worker ends. */
  done: boolean
}

/** A plan while it is made: what is asked for so far, beside what it is made from. */
export class PlanDraft {
  readonly input: PlanInput
  readonly plan: Plan = { steps: [], wakeAtMs: undefined, backingOff: [], done: false }

  constructor(input: PlanInput) {
    this.input = input
  }

  add(step: Step): void {
    this.plan.steps.push(step)
  }

  wakeAt(atMs: number): void {
    this.plan.wakeAtMs = Math.min(this.plan.wakeAtMs ?? Number.POSITIVE_INFINITY, atMs)
  }

  /** False, with a timer, while a retry time lies ahead. */
  isDue(retryAtMs: number | undefined): boolean {
    if (retryAtMs === undefined || retryAtMs <= this.input.nowMs) return true
    this.wakeAt(retryAtMs)
    return false
  }
}
