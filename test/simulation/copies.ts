import type { Random } from '#base/random.ts'
import { type Cluster, ClusterSnapshot, startCluster } from '#cluster/index.ts'
import { ownEndpoint } from './addresses.ts'
import type { Canary } from './canaries.ts'
import { between, chance } from './choice.ts'
import { leavesNoTimer, stopsAtOnce } from './stop.ts'

/** How a copy takes the place of a cluster. */
export interface CopyPlan {
  /** The same handle is set back to what it was; else it is another cluster. */
  isRestored: boolean
  /** How long the cluster that is left goes on by itself: what happens in it must not be seen in the copy. */
  apartMs: number
}

const apartMsMax = 60_000

export function planOf(random: Random): CopyPlan {
  return { isRestored: chance(random, 0.5), apartMs: chance(random, 0.5) ? between(random, 0, apartMsMax) : 0 }
}

export function describe({ isRestored, apartMs }: CopyPlan): string {
  const apart = apartMs === 0 ? '' : `, ${apartMs} ms later`
  return isRestored ? `set the cluster back to what it is now${apart}` : `go on with a fork of the cluster, which is stopped${apart}`
}

/** @returns what is there in place of the cluster */
export async function copyOf(cluster: Cluster, { isRestored, apartMs }: CopyPlan, canary: Canary | undefined): Promise<Cluster> {
  const snapshot = await snapshotOf(cluster, canary)
  if (isRestored) {
    await disturb(cluster, apartMs)
    await cluster.restore(snapshot)
    return cluster
  }
  await using started = new AsyncDisposableStack()
  const fork = started.use(await startCluster({ from: snapshot, api: ownEndpoint(cluster.url) }))
  await disturb(cluster, apartMs)
  await stopsAtOnce(cluster)
  leavesNoTimer(cluster)
  started.move()
  return fork
}

async function snapshotOf(cluster: Cluster, canary: Canary | undefined): Promise<ClusterSnapshot> {
  const snapshot = await cluster.snapshot()
  const { state, ...others } = snapshot.parts
  return canary?.copied === undefined ? snapshot : new ClusterSnapshot({ ...others, state: canary.copied(state) })
}

/** Lets time go on for a while, with fewer pods. */
async function disturb({ client, clock }: Cluster, forMs: number): Promise<void> {
  if (forMs === 0) return
  for (const pod of (await client.list({ apiVersion: 'v1', kind: 'Pod' })).items) client.delete(pod).catch(() => {})
  await clock.advance(forMs)
}

/**
 * What is under way and waits for time to pass: in a copy it is begun again, or found out at once. While there is nothing of that kind a copy
 * writes what the original writes.
 */
export function underWay({ faults, nodes }: Cluster, { parts: { state } }: ClusterSnapshot): string | undefined {
  if (state.server === undefined) return 'the API server is down'
  if (faults.requests.waiting > 0) return 'a request is held back'
  if (faults.watches.isHolding) return 'an event is held back'
  if (faults.storage.waiting > 0) return 'a write is held back'
  for (const { watchFrom } of state.components.informers.informers.values()) if (watchFrom === undefined) return 'a watch is to begin again'
  const readers = new Set<string>()
  for (const { place, runtime, kubelet } of state.nodes.nodes) {
    if (nodes.get(place.name)!.runtime.callsUnderWay > 0) return `calls of the runtime of ${place.name} are under way`
    if (runtime.isOn && runtime.faults?.isHung === true) return `the runtime of ${place.name} hangs`
    if (kubelet?.knowsBothSides === false) return `the kubelet of ${place.name} starts`
    for (const [, { steps, pod }] of kubelet?.workers ?? []) {
      for (const { action } of steps) if (action !== 'killContainer') return `${action} of ${pod.metadata.name}`
      // In a copy it knows what has become of the ConfigMap meanwhile, and is not told of it later.
      const hasConfig = pod.spec.volumes?.some(({ configMap }) => configMap !== undefined) === true
      if (hasConfig && !runtime.isConnected) return `${pod.metadata.name} has a ConfigMap, and ${place.name} is cut off`
      if (hasConfig) readers.add(place.name)
    }
  }
  // They hear of a change in the order in which they began to look; in a copy, in the order of the nodes.
  return readers.size > 1 ? `pods of ${[...readers].join(' and ')} have ConfigMaps` : undefined
}
