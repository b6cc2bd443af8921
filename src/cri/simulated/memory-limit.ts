import type { Container } from './container.ts'
import { endContainer, outOfMemory } from './container-end.ts'
import type { SimulatedNode } from './node.ts'
import { liveOf } from './program.ts'

export function memoryOf({ live, image }: Container): number {
  return live?.memoryBytes ?? image.memoryBytes
}

/** Kills a container that uses more memory than it may. Not before the caller is done: a program that starts is seen to run. */
export function checkMemory(node: SimulatedNode, container: Container): void {
  if (memoryOf(container) <= container.memoryLimitBytes || !container.isRunning) return
  const timer = node.environment.clock.after(0, () => endContainer(node, container, outOfMemory))
  liveOf(container).onEnd.add(() => timer.cancel())
}
