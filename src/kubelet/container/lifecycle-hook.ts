import type { Container, LifecycleHandler, Pod } from '#api/core/v1/types.gen.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { Clock } from '#base/clock.ts'
import type { RuntimeService } from '#cri/cri.ts'
import type { Dialer } from '../host/dialer.ts'
import { formatPod } from '../pod/waiting.ts'
import { httpGet, httpGetOf } from './http-request.ts'

export interface LifecycleHookInput {
  pod: Pod
  container: Container
  containerID: string
  podIP: string
  runtime: RuntimeService
  dialer: Dialer
  clock: Clock
}

/**
 * Runs a postStart or preStop handler to its end. An HTTP hook only has to be answered, with whatever status.
 * @throws Error when it fails, in the words of the container's status
 */
export async function runLifecycleHook(handler: LifecycleHandler, input: LifecycleHookInput, signal: AbortSignal): Promise<void> {
  const { container, podIP, dialer, clock } = input
  if (handler.exec !== undefined) {
    await runExec(handler.exec.command ?? [], input, signal)
  } else if (handler.httpGet !== undefined) {
    try {
      await httpGet(dialer, httpGetOf(handler.httpGet, container, podIP, 'kube-lifecycle/1.36'), signal)
    } catch (error) {
      throw new Error(`HTTP lifecycle hook (${handler.httpGet.path}) ${failedFor(input, error)}`, { cause: error })
    }
  } else if (handler.sleep !== undefined) {
    await clock.sleep(handler.sleep.seconds * 1000, signal)
  } else {
    throw new Error('Invalid handler: no action that this kubelet knows')
  }
}

async function runExec(command: readonly string[], input: LifecycleHookInput, signal: AbortSignal): Promise<void> {
  const { containerID, runtime } = input
  let output = ''
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync({ containerId: containerID, cmd: [...command] }, signal)
    if (exitCode === 0) return
    output = Buffer.concat([stdout, stderr]).toString()
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${Buffer.from(stderr)}`)
  } catch (error) {
    const what = `Exec lifecycle hook ([${command.join(' ')}]) ${failedFor(input, error)}, message: ${quote(output)}`
    throw new Error(what, { cause: error })
  }
}

function failedFor({ container, pod }: LifecycleHookInput, error: unknown): string {
  return `for Container "${container.name}" in Pod "${formatPod(pod)}" failed - error: ${(error as Error).message}`
}
