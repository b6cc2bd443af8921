/** One thing to do to the outside world. Steps of one plan may all run at once. */
export type Step =
  | { action: 'mountVolumes' }
  /** What the sandbox needs on the node: the pod's cgroup and its log folder. */
  | { action: 'prepareNode' }
  | { action: 'createSandbox'; attempt: number; replaces?: string }
  | { action: 'stopSandbox'; sandboxID: string }
  /** Removes its containers too. */
  | { action: 'removeSandbox'; sandboxID: string }
  | { action: 'pullImage'; container: string }
  | { action: 'startContainer'; container: string; sandboxID: string; imageRef: string; restartCount: number }
  | { action: 'killContainer'; container: string; containerID: string; gracePeriodSeconds: number; why: KillReason }
  | { action: 'removeContainer'; containerID: string }
  /** Unmounts volumes and removes the cgroup of a pod that ended. */
  | { action: 'cleanUp' }
  /** Deletes the API object of a pod that ended and is cleaned up. */
  | { action: 'deletePod' }
  /** Removes the folders of a pod that is gone from the API. */
  | { action: 'sweep' }

export type KillReason =
  | 'Stopping'
  | 'SandboxChanged'
  | 'DefinitionChanged'
  | 'FailedLivenessProbe'
  | 'FailedStartupProbe'
  | 'FailedPostStartHook'
  | 'MainContainersEnded'

/** Two steps with the same key are the same work: the second is not started while the first runs. */
export function keyOfStep(step: Step): string {
  switch (step.action) {
    case 'pullImage':
    case 'startContainer':
      return `${step.action}:${step.container}`
    case 'killContainer':
      // A shorter grace period must get through to a container that is already being stopped.
      return `${step.action}:${step.containerID}:${step.gracePeriodSeconds}`
    case 'removeContainer':
      return `${step.action}:${step.containerID}`
    case 'stopSandbox':
    case 'removeSandbox':
      return `${step.action}:${step.sandboxID}`
    default:
      return step.action
  }
}
