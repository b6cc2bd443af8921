import type { Container } from '#api/core/v1/types.gen.ts'
import type { ObservedContainer } from '../runtime/observed.ts'
import type { PodMemory } from './memory.ts'

/** Whether its postStart hook has not come to its end: until then the container counts as not yet started, though it runs. */
export function runsPostStart({ name, lifecycle }: Container, { state }: ObservedContainer, { inFlight }: PodMemory): boolean {
  return lifecycle?.postStart !== undefined && state === 'running' && inFlight.includes(`startContainer:${name}`)
}
