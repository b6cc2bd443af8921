import type { Taint, Toleration } from './types.gen.ts'

/** Canonical decimal integers only, within int64: what `Lt` and `Gt` compare. */
const integer = /^(0|-?[1-9][0-9]*)$/
const int64Max = 2n ** 63n - 1n

export function parseComparedInteger(text: string): bigint | undefined {
  if (!integer.test(text)) return undefined
  const value = BigInt(text)
  return value > int64Max || value < -int64Max - 1n ? undefined : value
}

/** Empty key with `Exists` matches every taint; empty effect matches every effect; an empty operator is `Equal`. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator ?? '') {
    case '':
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    case 'Lt':
    case 'Gt':
      return compares(toleration, taint)
    default:
      return false
  }
}

function compares(toleration: Toleration, taint: Taint): boolean {
  const threshold = parseComparedInteger(toleration.value ?? '')
  const actual = parseComparedInteger(taint.value ?? '')
  if (threshold === undefined || actual === undefined) return false
  return toleration.operator === 'Lt' ? actual < threshold : actual > threshold
}

export function toleratesTaint(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some(toleration => tolerates(toleration, taint)) ?? false
}

/** The first taint with one of the effects that nothing tolerates. */
export function findUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[],
): Taint | undefined {
  return taints?.find(taint => effects.includes(taint.effect) && !toleratesTaint(tolerations, taint))
}

/** Seconds until a pod with these tolerations must leave a node with these NoExecute taints; 0 is now, undefined is never. */
export function minTolerationSeconds(taints: readonly Taint[], tolerations: readonly Toleration[]): number | undefined {
  let least: number | undefined
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue
    const matching = tolerations.filter(toleration => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    for (const { tolerationSeconds } of matching) {
      if (tolerationSeconds !== undefined) least = Math.min(least ?? Number.POSITIVE_INFINITY, Math.max(tolerationSeconds, 0))
    }
  }
  return least
}

/** `key=value:Effect`, as kubectl prints and takes taints. */
export function taintText({ key, value, effect }: Taint): string {
  if (effect === '') return value ? `${key}=${value}:` : key
  return value ? `${key}=${value}:${effect}` : `${key}:${effect}`
}
