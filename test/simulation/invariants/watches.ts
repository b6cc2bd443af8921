import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import { isExpired } from '#apimachinery/status/status.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { CollectionRef } from '#client/client.ts'
import type { LoggedWrite } from '../write-log.ts'
import type { World } from '../world.ts'
import type { Invariant } from './invariant.ts'

/** What somebody watches: as a request, and as a rule for objects. */
interface Interest {
  ref: CollectionRef
  resource: string
  includes(object: KubeObject): boolean
}

const pods = { apiVersion: 'v1', kind: 'Pod' }
const interests: readonly Interest[] = [
  { ref: pods, resource: 'pods', includes: () => true },
  {
    ref: { ...pods, labelSelector: 'tier=front' },
    resource: 'pods',
    includes: ({ metadata }) => metadata.labels?.['tier'] === 'front',
  },
  {
    ref: { ...pods, fieldSelector: 'spec.nodeName=node-0' },
    resource: 'pods',
    includes: object => (object as Pod).spec.nodeName === 'node-0',
  },
  {
    ref: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team-a' },
    resource: 'configmaps',
    includes: ({ metadata }) => metadata.namespace === 'team-a',
  },
  { ref: { apiVersion: 'v1', kind: 'Node' }, resource: 'nodes', includes: () => true },
]

/** Somebody who watches a collection, is cut off now and then, and goes on where it was. */
class Observer {
  readonly #interest: Interest
  readonly #world: World
  /** What it should have been told, and how much of that it was. */
  readonly #expected: string[] = []
  #seen = 0
  #resourceVersion: string
  #cut = new AbortController()
  problem: string | undefined

  constructor(interest: Interest, world: World) {
    this.#interest = interest
    this.#world = world
    this.#resourceVersion = String(world.log.writes.at(-1)?.revision ?? 0)
  }

  expect(write: LoggedWrite): void {
    const { resource, includes } = this.#interest
    if (write.resource !== resource) return
    const before = write.previous !== undefined && includes(write.previous.object)
    const after = write.type === 'put' && includes(write.object)
    if (!before && !after) return
    const type = before ? (after ? 'MODIFIED' : 'DELETED') : 'ADDED'
    this.#expected.push(`${type} ${write.objectKey} ${write.revision}`)
  }

  /** Ends the watch; the next one begins after a while. */
  cut(): void {
    this.#cut.abort(new Error('cut off'))
    this.#cut = new AbortController()
  }

  get isBehind(): boolean {
    return this.#seen < this.#expected.length
  }

  get description(): string {
    const { kind, namespace = '', labelSelector = '', fieldSelector = '' } = this.#interest.ref
    return `the watch of ${[kind, namespace, labelSelector, fieldSelector].filter(text => text !== '').join(' ')}`
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, clock } = this.#world
    while (!signal.aborted) {
      const request = { ...this.#interest.ref, resourceVersion: this.#resourceVersion, allowWatchBookmarks: true }
      try {
        for await (const events of cluster.adminClient.watch(request, AbortSignal.any([signal, this.#cut.signal]))) {
          for (const { type, object } of events) {
            this.#resourceVersion = object.metadata.resourceVersion ?? ''
            if (type !== 'BOOKMARK') this.#see(`${type} ${keyOf(object)} ${this.#resourceVersion}`)
          }
        }
      } catch (error) {
        if (isExpired(error) && !this.#beginAnew()) return
      }
      await clock.sleep(1_000, signal).catch(() => {})
    }
  }

  /** What an API server that has restarted may ask for. @returns whether it may */
  #beginAnew(): boolean {
    const { serverRestarts, log } = this.#world
    if (!serverRestarts) this.problem ??= `${this.description} was told that ${this.#resourceVersion} is too old`
    this.#resourceVersion = String(log.writes.at(-1)!.revision)
    this.#expected.length = 0
    this.#seen = 0
    return serverRestarts
  }

  #see(event: string): void {
    const expected = this.#expected[this.#seen++]
    if (event !== expected) this.problem ??= `${this.description} brought ${event} where ${expected ?? 'nothing'} should come`
  }
}

/** Watches bring each change of what they ask for, once and in order, also when they are cut off and resumed. */
export class WatchObservers implements Invariant {
  readonly name = 'watches miss nothing and repeat nothing'
  readonly #observers: readonly Observer[]

  constructor(world: World) {
    this.#observers = interests.map(interest => new Observer(interest, world))
  }

  run(signal: AbortSignal): Promise<void> {
    return Promise.all(this.#observers.map(observer => observer.run(signal))).then(() => undefined)
  }

  /** Cuts one of them off. */
  cut(index: number): string {
    const observer = this.#observers[index % this.#observers.length]!
    observer.cut()
    return `${observer.description} is cut off`
  }

  onWrite(write: LoggedWrite): string | undefined {
    for (const observer of this.#observers) observer.expect(write)
    return undefined
  }

  whenQuiet(): string | undefined {
    return this.#observers.find(({ problem }) => problem !== undefined)?.problem
  }

  whenSettled(): string[] {
    return this.#observers.filter(({ isBehind }) => isBehind).map(({ description }) => `${description} is behind`)
  }
}
