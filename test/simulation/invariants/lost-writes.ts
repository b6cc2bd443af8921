import { tracePrefix } from '../workload.ts'
import type { Invariant } from './invariant.ts'

/** What a write has added is there until the object goes: no write is made over one that it did not see. */
export function noWriteIsLost(): Invariant {
  return {
    name: 'no write undoes another',
    onWrite(write) {
      const { type, previous, resource } = write
      if (type === 'delete' || previous === undefined || (resource !== 'pods' && resource !== 'nodes')) return undefined
      const now = write.object.metadata.annotations ?? {}
      const lost = Object.keys(previous.object.metadata.annotations ?? {}).find(key => key.startsWith(tracePrefix) && !(key in now))
      return lost && `${resource} ${write.objectKey} has lost the annotation ${lost}`
    },
  }
}
