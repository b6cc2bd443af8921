import type { Pod } from '#api/core/v1/types.gen.ts'
import { isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import type { Invariant } from './invariant.ts'

/** No address is shown by two pods that have not ended. */
export function addressesAreUnique(): Invariant {
  const owners = new Map<string, string>()
  const addressOf = new Map<string, string>()
  return {
    name: 'an address has one pod',
    onWrite(write) {
      if (write.resource !== 'pods') return undefined
      const pod = write.object as Pod
      const { uid = '' } = pod.metadata
      const address = write.type === 'delete' || isPodTerminal(pod) || pod.spec.hostNetwork === true ? undefined : pod.status?.podIP
      const before = addressOf.get(uid)
      if (before === address) return undefined
      if (before !== undefined && owners.get(before) === uid) owners.delete(before)
      addressOf.delete(uid)
      if (address === undefined) return undefined
      const other = owners.get(address)
      owners.set(address, uid)
      addressOf.set(uid, address)
      return other === undefined ? undefined : `${address} of pod ${write.objectKey} belongs to another pod, ${other}`
    },
  }
}
