import type { Container } from './container.ts'
import { resumeProgram } from './lifecycle.ts'
import type { SimulatedNode } from './node.ts'
import { PodEndpoint } from './ports.ts'
import { liveOf } from './program.ts'
import type { Sandbox } from './sandbox.ts'

/**
 * Gives a new node the state of another one. What never changes is shared. Scripts go on where they are; functions begin anew, because
 * nobody can copy a running program. Calls and streams that are under way stay with the old node.
 */
export function copyState(from: SimulatedNode, to: SimulatedNode): void {
  to.podCIDR = from.podCIDR
  to.diskFull = from.diskFull
  to.isOn = from.isOn
  to.addresses.copy(from.addresses)
  to.timestamps.copy(from.timestamps)
  to.images.copy(from.images)
  const containers = new Map<string, Container>()
  for (const sandbox of from.sandboxes.values()) {
    const copy = copyOf<Sandbox>(sandbox, {})
    const copies = sandbox.containers.map(container => copyOf<Container>(container, { sandbox: copy, live: undefined }))
    copy.containers = copies
    for (const each of copies) containers.set(each.id, each)
    to.sandboxes.set(copy.id, copy)
    if (copy.address !== '') to.environment.network.attach(copy.address, new PodEndpoint(to, copy))
  }
  // In the order in which they were made, as they are listed.
  for (const original of from.containers.values()) {
    const container = containers.get(original.id)!
    to.containers.set(container.id, container)
    if (to.isOn && container.isRunning) resume(original, container, to)
  }
}

function resume(original: Container, container: Container, node: SimulatedNode): void {
  const { files } = original.live ?? {}
  if (files !== undefined && container.image.run === undefined) liveOf(container).files = new Map(files)
  resumeProgram(node, container)
}

function copyOf<T extends object>(original: T, changes: Partial<T>): T {
  return Object.assign(Object.create(Object.getPrototypeOf(original)), original, changes)
}
