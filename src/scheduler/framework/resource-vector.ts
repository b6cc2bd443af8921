import { Quantity } from '#apimachinery/quantity/quantity.ts'

/** Amounts as plain numbers: CPU in millicores, everything else in whole units (bytes, pieces). Numbers keep the filters fast. */
export interface ResourceVector {
  milliCPU: number
  memory: number
  ephemeralStorage: number
  pods: number
  /** Extended resources and huge pages; undefined when there are none. */
  scalar: Map<string, number> | undefined
}

export function emptyVector(): ResourceVector {
  return { milliCPU: 0, memory: 0, ephemeralStorage: 0, pods: 0, scalar: undefined }
}

/** Reads a ResourceList. */
export function vectorOf(list: Record<string, string | Quantity> | undefined): ResourceVector {
  const vector = emptyVector()
  for (const [name, amount] of Object.entries(list ?? {})) {
    const quantity = typeof amount === 'string' ? Quantity.parse(amount) : amount
    if (name === 'cpu') vector.milliCPU = Number(quantity.milliValue())
    else if (name === 'memory') vector.memory = Number(quantity.value())
    else if (name === 'ephemeral-storage') vector.ephemeralStorage = Number(quantity.value())
    else if (name === 'pods') vector.pods = Number(quantity.value())
    else (vector.scalar ??= new Map()).set(name, Number(quantity.value()))
  }
  return vector
}

/** `target += sign * amount`, in place. */
export function addVector(target: ResourceVector, amount: ResourceVector, sign: 1 | -1): void {
  target.milliCPU += sign * amount.milliCPU
  target.memory += sign * amount.memory
  target.ephemeralStorage += sign * amount.ephemeralStorage
  target.pods += sign * amount.pods
  if (amount.scalar === undefined) return
  target.scalar ??= new Map()
  for (const [name, value] of amount.scalar) target.scalar.set(name, (target.scalar.get(name) ?? 0) + sign * value)
}

/** Whether `now` leaves room that `before` took. */
export function asksForLess(now: ResourceVector, before: ResourceVector): boolean {
  if (now.milliCPU < before.milliCPU || now.memory < before.memory || now.ephemeralStorage < before.ephemeralStorage) return true
  return [...(before.scalar ?? [])].some(([name, value]) => (now.scalar?.get(name) ?? 0) < value)
}
