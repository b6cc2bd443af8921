import type { Container, GRPCAction, HTTPGetAction, Probe, TCPSocketAction } from '#api/core/v1/types.gen.ts'
import type { RuntimeService } from '#cri/cri.ts'
import { isDeadlineExceeded, isUnimplemented } from '#cri/error.ts'
import type { Dialer, HTTPGet } from '../host/dialer.ts'
import { type HealthAnswer, type HealthCheck, servingStatuses } from '../host/grpc-health.ts'
import { goMessage, httpGet, httpGetOf, resolvePort } from '../container/http-request.ts'

export interface ProbeTarget {
  container: Container
  containerID: string
  podIP: string
  runtime: RuntimeService
  dialer: Dialer
  /** What an HTTP probe asks for: found out the first time, for all probes of this target. */
  httpGet?: HTTPGet
}

export type ProbeResult = { success: true } | { success: false; output: string }

const outputCharactersMax = 1024

/**
 * Probes once. A probe that could not be carried out counts as failed, like one that said no.
 * @returns the result, at once when nothing has to be waited for
 */
export function runProbe(probe: Probe, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> | ProbeResult {
  const timeoutSeconds = probe.timeoutSeconds ?? 1
  if (probe.exec !== undefined) return probeExec(probe.exec.command ?? [], target, timeoutSeconds, signal)
  if (probe.httpGet !== undefined) return probeHTTP(probe.httpGet, target, signal)
  if (probe.tcpSocket !== undefined) return probeTCP(probe.tcpSocket, target, signal)
  if (probe.grpc !== undefined) return probeGRPC(probe.grpc, target, timeoutSeconds, signal).catch(toFailure)
  return { success: false, output: 'this kubelet has no probe of that kind' }
}

const success: ProbeResult = { success: true }

function toFailure(error: unknown): ProbeResult {
  return { success: false, output: (error as Error).message }
}

function probeHTTP(action: HTTPGetAction, target: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> | ProbeResult {
  try {
    target.httpGet ??= httpGetOf(action, target.container, target.podIP, 'kube-probe/1.36')
    const status = httpGet(target.dialer, target.httpGet, signal)
    return typeof status === 'number' ? judgeStatus(status) : status.then(judgeStatus, toFailure)
  } catch (error) {
    return toFailure(error)
  }
}

function judgeStatus(statusCode: number): ProbeResult {
  if (statusCode >= 200 && statusCode < 400) return success
  return { success: false, output: `HTTP probe failed with statuscode: ${statusCode}` }
}

async function probeTCP(action: TCPSocketAction, { dialer, container, podIP }: ProbeTarget, signal: AbortSignal): Promise<ProbeResult> {
  try {
    await dial(dialer, action.host || podIP, resolvePort(action.port, container), signal)
    return success
  } catch (error) {
    return toFailure(error)
  }
}

async function probeExec(
  command: readonly string[],
  target: ProbeTarget,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { runtime, containerID } = target
  try {
    const request = { containerId: containerID, cmd: [...command], timeout: BigInt(timeoutSeconds) }
    const { exitCode, stdout, stderr } = await runtime.execSync(request, signal)
    if (exitCode === 0) return success
    return { success: false, output: Buffer.concat([stdout, stderr]).toString().slice(0, outputCharactersMax) }
  } catch (error) {
    if (isDeadlineExceeded(error))
      return { success: false, output: `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s` }
    return toFailure(error)
  }
}

async function probeGRPC(
  { port, service }: GRPCAction,
  { dialer, podIP }: ProbeTarget,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const answer = await askForHealth(dialer, { host: podIP, port, service: service ?? '', userAgent: 'kube-probe/1.36' }, signal)
  if (typeof answer === 'object') {
    if (answer.servingStatus === servingStatuses.indexOf('SERVING')) return success
    const status = servingStatuses[answer.servingStatus] ?? answer.servingStatus
    return { success: false, output: `service unhealthy (responded with "${status}")` }
  }
  const late =
    answer === 'unconnected'
      ? `failed to connect service "${hostPort(podIP, port)}" within ${timeoutSeconds}s: context deadline exceeded`
      : `health rpc did not complete within ${timeoutSeconds}s`
  return { success: false, output: `timeout: ${late}` }
}

/** @throws Error in the words of the probe's failure */
async function askForHealth(dialer: Dialer, check: HealthCheck, signal: AbortSignal): Promise<HealthAnswer> {
  try {
    return await dialer.health(check, signal)
  } catch (error) {
    if (!isUnimplemented(error)) throw new Error(`error: health rpc probe failed: ${(error as Error).message}`, { cause: error })
    const what = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
    throw new Error(`error: ${what}: ${error.description}`, { cause: error })
  }
}

async function dial(dialer: Dialer, host: string, port: number, signal: AbortSignal): Promise<void> {
  try {
    await dialer.reach({ host, port }, signal)
  } catch (error) {
    const failure = signal.aborted ? Object.assign(new Error('too late'), { code: 'ETIMEDOUT' }) : (error as Error)
    throw new Error(goMessage(failure, hostPort(host, port)))
  }
}

function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
