import { type Finding, judge } from './findings.ts'
import { type ProbeOptions, probeMachine } from './probe.ts'

export type { Finding, ProbeOptions }

/** What this machine can and cannot do for a cluster with real pods. Looks only; changes nothing and contacts nobody. */
export async function doctor(options: ProbeOptions, signal: AbortSignal): Promise<Finding[]> {
  return judge(await probeMachine(options, signal))
}
