import { isNotFound } from '#apimachinery/status/status.ts'
import { killContainer, pullImage, removeContainer, startContainer } from './container-steps.ts'
import { cleanUp, createSandbox, mountVolumes, prepareNode, removeSandbox, stopSandbox, sweep } from './sandbox-steps.ts'
import type { Step } from './step.ts'
import type { StepContext } from './step-context.ts'

type Executor<A extends Step['action']> = (step: Extract<Step, { action: A }>, context: StepContext, signal: AbortSignal) => Promise<void>

const executors: { [A in Step['action']]: Executor<A> } = {
  mountVolumes,
  prepareNode,
  createSandbox,
  stopSandbox,
  removeSandbox,
  pullImage,
  startContainer,
  killContainer,
  removeContainer,
  cleanUp,
  deletePod,
  sweep,
}

/** Does one step. Resolves also when the failure is remembered for the next plan; rejects when the same step should be tried again. */
export function execute(step: Step, context: StepContext, signal: AbortSignal): Promise<void> {
  return (executors[step.action] as Executor<Step['action']>)(step, context, signal)
}

/** The last word about a pod is its final status; then its object may go. */
async function deletePod(_: Step, { node, pod, memory }: StepContext, signal: AbortSignal): Promise<void> {
  const { name, namespace, uid } = pod.metadata
  await node.statuses.written(uid ?? '')
  try {
    const preconditions = uid === undefined ? {} : { preconditions: { uid } }
    await node.client.delete({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal, { gracePeriodSeconds: 0, ...preconditions })
  } catch (error) {
    // A conflict: it may be another pod by now. Then we are told that ours is gone, and nobody asks for this again.
    if (!isNotFound(error)) throw error
  }
  memory.deleted = true
}
