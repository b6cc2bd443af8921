import type { Clock } from '#base/clock.ts'
import type { Container } from './container.ts'
import type { Endpoint, PortListener } from './network.ts'
import type { SimulatedNode } from './node.ts'
import type { Sandbox } from './sandbox.ts'

/** Whether the script's time to become ready is over. */
export function isReady({ startedMs, image }: Container, clock: Clock): boolean {
  return Math.floor(startedMs) + (image.script.readyAfterMs ?? 0) <= clock.now()
}

/** Who listens on a port of a pod; the containers of a pod share one network. */
export function listenerOf(node: SimulatedNode, sandbox: Sandbox, port: number): PortListener | undefined {
  for (const container of sandbox.containers) {
    const listener = container.isRunning ? listenerIn(container, port, node.environment.clock) : undefined
    if (listener !== undefined) return listener
  }
  return undefined
}

function listenerIn(container: Container, port: number, clock: Clock): PortListener | undefined {
  const own = container.live?.ports?.get(port)
  if (own !== undefined) return own
  const { script, listener } = container.image
  return listener !== undefined && isReady(container, clock) && script.ports?.includes(port) !== false ? listener : undefined
}

/** A pod's address. */
export class PodEndpoint implements Endpoint {
  readonly #node: SimulatedNode
  readonly #sandbox: Sandbox

  constructor(node: SimulatedNode, sandbox: Sandbox) {
    this.#node = node
    this.#sandbox = sandbox
  }

  get reachable(): boolean {
    return this.#node.isOn
  }

  get isConnected(): boolean {
    return this.#node.isConnected
  }

  listener(port: number): PortListener | undefined {
    return listenerOf(this.#node, this.#sandbox, port)
  }
}

/** The node's own address, with the pods that live in its network. */
export class HostEndpoint implements Endpoint {
  readonly #node: SimulatedNode

  constructor(node: SimulatedNode) {
    this.#node = node
  }

  get reachable(): boolean {
    return this.#node.isOn
  }

  get isConnected(): boolean {
    return this.#node.isConnected
  }

  listener(port: number): PortListener | undefined {
    for (const sandbox of this.#node.sandboxes.values()) {
      const listener = sandbox.ready && sandbox.onHostNetwork ? listenerOf(this.#node, sandbox, port) : undefined
      if (listener !== undefined) return listener
    }
    return undefined
  }
}
