import type { Container, LifecycleHandler, Pod } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { RuntimeService } from '#cri/cri.ts'
import type { Dialer } from '../host/dialer.ts'
import { httpGet } from './http-request.ts'

export interface LifecycleHookInput {
  pod: Pod
  container: Container
  containerID: string
  podIP: string
  runtime: RuntimeService
  dialer: Dialer
  clock: Clock
}

/** Runs a postStart or preStop handler to its end. @throws Error when it fails */
export async function runLifecycleHook(handler: LifecycleHandler, input: LifecycleHookInput, signal: AbortSignal): Promise<void> {
  const { container, containerID, podIP, runtime, dialer, clock } = input
  if (handler.exec !== undefined) {
    const command = handler.exec.command ?? []
    const { exitCode, stdout, stderr } = await runtime.execSync({ containerId: containerID, cmd: command }, signal)
    if (exitCode === 0) return
    const output = Buffer.concat([stdout, stderr]).toString()
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output}`)
  }
  if (handler.httpGet !== undefined) {
    const { statusCode } = await httpGet(dialer, handler.httpGet, container, podIP, 'kube-lifecycle/1.36', signal)
    if (statusCode >= 400) throw new Error(`HTTP hook answered with status ${statusCode}`)
    return
  }
  if (handler.sleep !== undefined) {
    await clock.sleep(handler.sleep.seconds * 1000, signal)
    return
  }
  throw new Error('Invalid handler: no action that this kubelet knows')
}
