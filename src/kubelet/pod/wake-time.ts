/** When to look at a pod again even if nothing happens, and what will be the case then. */
export interface WakeTime {
  atMs: number
  reason: string
}

/** Undefined for none at all. */
export function earliest(times: readonly (WakeTime | undefined)[]): WakeTime | undefined {
  let first: WakeTime | undefined
  for (const time of times) if (time !== undefined && (first === undefined || time.atMs < first.atMs)) first = time
  return first
}
