import { readFile } from 'node:fs/promises'
import type { Clock } from '#base/clock.ts'
import { findProcesses } from '#base/find-processes.ts'
import { identifyProcess, isRunning, type ProcessIdentity, parseProcessIdentity } from '#base/process-identity.ts'
import type { Transport } from '#cri/remote/transport.ts'
import { encode } from '#cri/remote/call.ts'
import { SubscribeRequestSchema } from '#cri/gen/containerd.gen.ts'
import type { ContainerdPaths } from './paths.ts'

/** Between two looks at a process that cannot tell us its end (it is not our child): doubling between these. */
const firstLookMs = 2
const lookMsMax = 50

/** The containerd of these paths, whoever started it; undefined when none runs. */
export async function findContainerd(paths: ContainerdPaths): Promise<ProcessIdentity | undefined> {
  const text = await readFile(paths.pidFile, 'utf8').catch(() => undefined)
  const noted = text === undefined ? undefined : parseProcessIdentity(text)
  if (noted !== undefined && isRunning(noted)) return noted
  // Whoever started it may have died before writing the file down.
  const [pid] = await findProcesses(args => args.includes('--config') && args.includes(paths.config))
  return pid === undefined ? undefined : identifyProcess(pid)
}

/** The shims, one a sandbox, that containers of this containerd still hang on. */
export function findShims(paths: ContainerdPaths): Promise<number[]> {
  return findProcesses(args => args[0]?.includes('containerd-shim') === true && args.includes(paths.socket))
}

/** Resolves when the process is gone. */
export async function untilGone(identity: ProcessIdentity, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let lookMs = firstLookMs; isRunning(identity); lookMs = Math.min(lookMs * 2, lookMsMax)) await clock.sleep(lookMs, signal)
}

/**
 * Resolves when a containerd that is not our child has ended. The end of an open stream says it at once; no look at the process is
 * needed before.
 */
export async function untilExit(
  { identity, transport, clock }: { identity: ProcessIdentity; transport: Transport; clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const nothing = encode(SubscribeRequestSchema, { filters: ['topic=="/coxswain/nothing"'] })
  for (let lookMs = firstLookMs; ; lookMs = Math.min(lookMs * 2, lookMsMax)) {
    try {
      for await (const _ of transport.serverStream('/containerd.services.events.v1.Events/Subscribe', nothing, {}, signal))
        lookMs = firstLookMs
    } catch {
      signal.throwIfAborted()
    }
    if (!isRunning(identity)) return
    await clock.sleep(lookMs, signal)
  }
}
