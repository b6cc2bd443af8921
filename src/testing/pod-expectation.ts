import { AssertionError } from 'node:assert'
import { findCondition, isPodTerminal } from '#api/core/v1/pod-conditions.ts'
import type { ContainerStatus, Event, Pod } from '#api/core/v1/types.gen.ts'
import { StatusError } from '#apimachinery/status/status.ts'
import type { LogOptions } from '#cluster/cluster-client.ts'
import { type Cluster, DeadlineExceeded, type Duration } from '#cluster/index.ts'
import { parseDuration } from '#cluster/duration.ts'
import { hintOnWanted, namesakes, predicateOf } from '#cluster/until.ts'
import { describePod } from './describe-pod.ts'
import { LogTail } from './log-tail.ts'

export interface ExpectationOptions {
  /** How long it may take, in the cluster's time. Default: 5 minutes. */
  timeout?: Duration
}

/** A Pod: its name, in the namespace `default`, or what names it. */
export type PodName = string | { name: string; namespace?: string | undefined } | Pick<Pod, 'metadata'>

const defaultTimeout = '5m'

/**
 * Says what becomes of a Pod. Each method waits until it is so, on a virtual clock by letting time go on, and resolves with the Pod; when it is not
 * so in time, or cannot become so any more, it throws an AssertionError that shows the Pod as `kubectl describe` and `kubectl logs` would.
 * Works in every test runner.
 * @example await expectPod(cluster, 'web').toBecomeReady()
 */
export function expectPod(cluster: Cluster, pod: PodName, options: ExpectationOptions = {}): PodExpectation {
  const { name, namespace } = refOf(pod)
  const timeout = options.timeout ?? defaultTimeout
  parseDuration(timeout)
  return new PodExpectation(cluster, { name, namespace: namespace ?? 'default' }, timeout)
}

/** @throws TypeError for what names no Pod */
function refOf(pod: PodName): { name: string; namespace?: string | undefined } {
  const ref = typeof pod === 'string' ? { name: pod } : 'metadata' in (pod ?? {}) ? (pod as Pick<Pod, 'metadata'>).metadata : pod
  const { name } = (ref ?? {}) as { name?: unknown }
  if (typeof name === 'string' && name !== '') return ref as { name: string }
  throw new TypeError(`no Pod is named: want its name, { name: 'web', namespace: 'shop' } or the Pod, not ${JSON.stringify(pod)}`)
}

export class PodExpectation {
  readonly #cluster: Cluster
  readonly #pod: { name: string; namespace: string }
  readonly #timeout: Duration

  constructor(cluster: Cluster, pod: { name: string; namespace: string }, timeout: Duration) {
    this.#cluster = cluster
    this.#pod = pod
    this.#timeout = timeout
  }

  toBecomeReady(): Promise<Pod> {
    return this.toBecome('Ready')
  }

  /** @param wanted a condition, a phase, or `Exists`, as for `cluster.until` */
  toBecome(wanted: string): Promise<Pod> {
    return this.#until(`to become ${wanted}`, predicateOf(wanted), wanted)
  }

  /** It ends well: all containers exit with 0, and none is started again. */
  async toSucceed(): Promise<Pod> {
    const expected = 'to succeed'
    const pod = await this.#until(expected, isEnded)
    if (pod.status?.phase !== 'Succeeded') throw await this.#failure(`${expected}, but it failed`)
    return pod
  }

  /** It fails for good. @param exitCode of one of its containers; any when left out */
  async toFail(exitCode?: number): Promise<Pod> {
    const expected = exitCode === undefined ? 'to fail' : `to fail with exit code ${exitCode}`
    const pod = await this.#until(expected, isEnded)
    if (pod.status?.phase !== 'Failed') throw await this.#failure(`${expected}, but it succeeded`)
    const codes = containersOf(pod).flatMap(({ state }) => state?.terminated?.exitCode ?? [])
    if (exitCode !== undefined && !codes.includes(exitCode)) throw await this.#failure(`${expected}, not ${codes.join(', ')}`)
    return pod
  }

  /** Its containers have been started again so often, or more often. */
  toRestart(times = 1): Promise<Pod> {
    return this.#until(`to restart ${times === 1 ? 'once' : `${times} times`}`, pod => restartsOf(pod) >= times)
  }

  /** A container waits with a reason: `CrashLoopBackOff`, `ImagePullBackOff`, `CreateContainerConfigError`. */
  toBeWaiting(reason: string): Promise<Pod> {
    const isWaiting = ({ state }: ContainerStatus) => state?.waiting?.reason === reason
    return this.#until(`to have a container that waits with ${reason}`, pod => containersOf(pod).some(isWaiting))
  }

  /** The kubelet has evicted it, or it was told to go: by an eviction, a taint, preemption. */
  toBeEvicted(): Promise<Pod> {
    return this.#until(
      'to be evicted',
      pod => pod?.status?.reason === 'Evicted' || findCondition(pod?.status?.conditions, 'DisruptionTarget')?.status === 'True',
    )
  }

  /** @returns its last state; undefined when it was not there in the first place */
  toBeDeleted(): Promise<Pod | undefined> {
    return this.#until('to be deleted', pod => pod === undefined)
  }

  /** @param message what it says, or a part of it */
  async toHaveEvent(reason: string, message: string | RegExp = ''): Promise<Event> {
    let found: Event | undefined
    const about = { kind: 'Pod', ...this.#pod }
    const isWanted = (event: Event) => event.reason === reason && matches(event.message ?? '', message)
    await this.#inTime(`to have an event ${reason}${message === '' ? '' : ` that says ${message}`}`, () =>
      this.#cluster.clock.runUntil(async () => (found = (await this.#cluster.events(about)).findLast(isWanted)) !== undefined, {
        timeout: this.#timeout,
      }),
    )
    return found!
  }

  /**
   * A container logs something.
   * @param text a part of it
   * @param options.container needed when there is more than one
   * @returns what it has logged
   */
  async toLog(text: string | RegExp, options: Pick<LogOptions, 'container' | 'previous'> = {}): Promise<string> {
    const { clock, client } = this.#cluster
    let wake = () => {}
    using tail = new LogTail({ client, pod: this.#pod, options, onText: () => wake() })
    let logged = ''
    // On a virtual clock everything that was written can be read before time goes on; on the real one lines come when they come.
    const read = async () => (clock.isVirtual ? this.#logs(options) : (tail.open(), tail.text))
    await this.#inTime(`to log ${text}`, () =>
      clock.runUntil(async () => matches((logged = await read()), text), { timeout: this.#timeout, alsoAfter: ask => (wake = ask) }),
    )
    return logged
  }

  /**
   * It is so now, and stays so.
   * @param wanted as for `toBecome`
   * @param duration of the cluster's time, `10m`
   */
  async toStay(wanted: string, duration: Duration): Promise<Pod> {
    const { clock } = this.#cluster
    const holds = predicateOf<Pod>(wanted)
    const expected = `to stay ${wanted} for ${duration}`
    const end = clock.now() + parseDuration(duration)
    let last: Pod | undefined
    const isOver = (pod: Pod | undefined) => {
      if (holds(pod)) last = pod
      return !holds(pod)
    }
    try {
      await this.#cluster.until({ apiVersion: 'v1', kind: 'Pod', ...this.#pod }, isOver, { timeout: duration })
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error
      await clock.advance(Math.max(0, end - clock.now()))
      return last!
    }
    throw await this.#failure(expected, wanted)
  }

  /** @param wanted where it is about a condition or phase */
  async #until(expected: string, predicate: (pod: Pod | undefined) => boolean, wanted?: string): Promise<Pod> {
    const ref = { apiVersion: 'v1', kind: 'Pod', ...this.#pod } as const
    return this.#inTime(expected, () => this.#cluster.until(ref, predicate, { timeout: this.#timeout }), wanted)
  }

  async #inTime<T>(expected: string, act: () => Promise<T>, wanted?: string): Promise<T> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error
      throw await this.#failure(`${expected} within ${this.#timeout}`, wanted)
    }
  }

  async #failure(expected: string, wanted?: string): Promise<AssertionError> {
    const { namespace, name } = this.#pod
    const description = await this.#describe(wanted)
    // Some runners show these two beside the message.
    const [actual] = description.split('\n', 1)
    return new AssertionError({ message: `expected Pod ${namespace}/${name} ${expected}\n\n${description}`, expected, actual })
  }

  async #describe(wanted: string | undefined): Promise<string> {
    const { client, clock } = this.#cluster
    const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod', fieldSelector: `metadata.name=${this.#pod.name}` })
    const pod = items.find(({ metadata }) => metadata.namespace === this.#pod.namespace)
    const hint = pod === undefined ? namesakesOf(items) : wanted === undefined ? undefined : hintOnWanted(pod, wanted)
    const logs = new Map<string, string>()
    for (const { name } of containersOf(pod)) {
      const text = await this.#logs({ container: name })
      if (text !== '') logs.set(name, text)
    }
    return describePod({ pod, hint, events: await this.#cluster.events({ kind: 'Pod', ...this.#pod }), logs, nowMs: clock.now() })
  }

  /** '' when there is nothing to read. */
  async #logs(options: LogOptions): Promise<string> {
    try {
      return await this.#cluster.client.logs(this.#pod, options)
    } catch (error) {
      if (error instanceof StatusError) return ''
      throw error
    }
  }
}

/** Most often the namespace is missing. */
function namesakesOf(pods: readonly Pod[]): string | undefined {
  return pods.length === 0 ? undefined : `There is ${namesakes(pods)}.`
}

const isEnded = (pod: Pod | undefined) => pod !== undefined && isPodTerminal(pod)

function containersOf(pod: Pod | undefined): ContainerStatus[] {
  return [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])]
}

function restartsOf(pod: Pod | undefined): number {
  return containersOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0)
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text.includes(wanted) : text.search(wanted) !== -1
}
