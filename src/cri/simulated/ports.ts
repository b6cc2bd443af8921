import type { Clock } from '#base/clock.ts'
import type { Container } from './container.ts'
import type { HTTPAnswer, HTTPQuestion, ImageScript } from './image.ts'
import { answerOf, type Endpoint, type PortListener } from './network.ts'
import type { SimulatedNode } from './node.ts'
import type { Sandbox } from './sandbox.ts'

const ok: HTTPAnswer = Object.freeze({ status: 200 })

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
  const { script, run } = container.image
  const own = container.live?.ports?.get(port)
  if (own !== undefined) return own
  if (run !== undefined && script.http === undefined) return undefined
  if (!isReady(container, clock) || script.ports?.includes(port) === false) return undefined
  return { http: request => answer(script, request) }
}

function answer({ http }: ImageScript, request: HTTPQuestion): HTTPAnswer | Promise<HTTPAnswer> {
  if (http === undefined) return ok
  const question = request.path.indexOf('?')
  const path = question < 0 ? request.path : request.path.slice(0, question)
  const script = Object.hasOwn(http, path) ? http[path] : http['*']
  return script === undefined ? { status: 404, body: '404 page not found\n' } : answerOf(script, request)
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
