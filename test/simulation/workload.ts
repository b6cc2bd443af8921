import type { Node, Pod, Taint } from '#api/core/v1/types.gen.ts'
import type { Random } from '#base/random.ts'
import { between, chance, oneOf, weighted } from './choice.ts'
import { configName, kindLabel, podKinds, secretName } from './pod-kinds.ts'
import type { World } from './world.ts'

/** Something that the users and the administrator of a cluster do. */
export interface Action {
  weight: number
  /** What comes of it depends on which watch was opened first, or is told what is too old: in a copy, whose watches are new, that may be others. */
  dependsOnWatches?: boolean
  /** @returns what was done and how it went; undefined when there is nothing to do it to */
  run(world: World, random: Random): Promise<string | undefined>
}

/** Few names, so that they are used again. */
const podNames = Array.from({ length: 8 }, (_, index) => `pod-${index}`)
const teamNamespaces = ['team-a', 'team-b']
const weightedKinds = Object.entries(podKinds).map(([name, { weight }]) => ({ name, weight }))

export const tracePrefix = 'trace.simulation/'

const keyOf = ({ metadata }: Pod) => `${metadata.namespace}/${metadata.name}`
const pod = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name }) as const
const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name }) as const

/** Annotations that nobody ever takes away again: a write that is lost takes them with it. */
function trace(random: Random): Record<string, string> {
  return { [`${tracePrefix}${random.suffix(8)}`]: '' }
}

function newPod(world: World, random: Random): { object: Pod; text: string } | undefined {
  if (world.namespaces.length === 0) return undefined
  const namespace = oneOf(random, world.namespaces)
  const name = oneOf(random, podNames)
  const kind = weighted(random, weightedKinds).name
  const labels = { [kindLabel]: kind, tier: oneOf(random, ['front', 'back']) }
  const spec = podKinds[kind]!.spec(random)
  return { object: { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec }, text: `${namespace}/${name} (${kind})` }
}

function anyPod(world: World, random: Random): Pod | undefined {
  return world.pods.length === 0 ? undefined : oneOf(random, world.pods)
}

function anyNode(world: World, random: Random): Node | undefined {
  return world.nodes.length === 0 ? undefined : oneOf(random, world.nodes)
}

async function onPod(world: World, random: Random, act: (pod: Pod) => [string, () => Promise<unknown>]): Promise<string | undefined> {
  const chosen = anyPod(world, random)
  if (chosen === undefined) return undefined
  const [text, request] = act(chosen)
  return `${text}: ${await world.call(request)}`
}

async function onNode(world: World, random: Random, act: (node: Node) => [string, () => Promise<unknown>]): Promise<string | undefined> {
  const chosen = anyNode(world, random)
  if (chosen === undefined) return undefined
  const [text, request] = act(chosen)
  return `${text}: ${await world.call(request)}`
}

/** Longer than anything that a fault holds back. */
const bootMs = 60_000

export const workload: readonly Action[] = [
  {
    weight: 30,
    async run(world, random) {
      const made = newPod(world, random)
      return made && `create pod ${made.text}: ${await world.call(() => world.cluster.client.create(made.object))}`
    },
  },
  {
    weight: 4,
    async run(world, random) {
      const made = newPod(world, random)
      if (made === undefined) return undefined
      // One manager for each kind: they refuse to make a pod of one kind into a pod of another.
      const fieldManager = made.object.metadata.labels![kindLabel]!
      return `apply pod ${made.text}: ${await world.call(() => world.cluster.client.apply(made.object, { fieldManager }))}`
    },
  },
  {
    weight: 8,
    run: (world, random) => onPod(world, random, each => [`delete pod ${keyOf(each)}`, () => world.cluster.client.delete(each)]),
  },
  {
    weight: 5,
    run(world, random) {
      const gracePeriodSeconds = oneOf(random, [0, 0, 1, 3, 60])
      return onPod(world, random, each => [
        `delete pod ${keyOf(each)}, grace ${gracePeriodSeconds} s`,
        () => world.cluster.client.delete(each, { gracePeriodSeconds }),
      ])
    },
  },
  {
    weight: 2,
    run: (world, random) =>
      onPod(world, random, each => {
        const { name, namespace = '' } = each.metadata
        const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
        return [`evict pod ${keyOf(each)}`, () => world.cluster.client.createSubresource(pod(namespace, name), 'eviction', body)]
      }),
  },
  {
    weight: 5,
    run(world, random) {
      const tiers = Array.from({ length: between(random, 1, 3) }, () => oneOf(random, ['front', 'back', 'side']))
      const bodies = tiers.map(tier => ({ metadata: { labels: { tier }, annotations: trace(random) } }))
      return onPod(world, random, ({ metadata: { name, namespace = '' } }) => [
        `label pod ${namespace}/${name} tier=${tiers.join(' and tier=')}`,
        () => Promise.all(bodies.map(body => world.cluster.client.patch(pod(namespace, name), { type: 'merge', body }))),
      ])
    },
  },
  {
    weight: 2,
    run: (world, random) =>
      onPod(world, random, ({ metadata: { name, namespace = '' }, spec }) => {
        const image = spec.containers[0]!.image === 'web' ? 'web-next' : spec.containers[0]!.image
        const body = { spec: { containers: [{ name: 'main', image }] } }
        return [
          `image of pod ${namespace}/${name} to ${image}`,
          () => world.cluster.client.patch(pod(namespace, name), { type: 'strategic', body }),
        ]
      }),
  },
  {
    weight: 3,
    async run(world, random) {
      const name = oneOf(random, teamNamespaces)
      return `create namespace ${name}: ${await world.call(() => world.cluster.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))}`
    },
  },
  {
    weight: 2,
    async run(world, random) {
      const name = oneOf(random, teamNamespaces)
      return `delete namespace ${name}: ${await world.call(() => world.cluster.client.delete({ apiVersion: 'v1', kind: 'Namespace', name }))}`
    },
  },
  {
    weight: 5,
    async run(world, random) {
      if (world.namespaces.length === 0) return undefined
      const namespace = oneOf(random, world.namespaces)
      const data = { color: oneOf(random, ['red', 'green', 'blue']) }
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configName, namespace }, data } as const
      return `apply configmap ${namespace}/${configName}: ${await world.call(() => world.cluster.client.apply(object))}`
    },
  },
  {
    weight: 3,
    async run(world, random) {
      if (world.namespaces.length === 0) return undefined
      const namespace = oneOf(random, world.namespaces)
      const stringData = { password: oneOf(random, ['swordfish', 'sesame']) }
      const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: secretName, namespace }, stringData } as const
      return `apply secret ${namespace}/${secretName}: ${await world.call(() => world.cluster.client.apply(object))}`
    },
  },
  {
    weight: 1,
    async run(world, random) {
      if (world.namespaces.length === 0) return undefined
      const namespace = oneOf(random, world.namespaces)
      const [kind, name] = oneOf(random, [
        ['ConfigMap', configName],
        ['Secret', secretName],
        ['ConfigMap', 'kube-root-ca.crt'],
        ['ServiceAccount', 'default'],
      ] as const)
      return `delete ${kind} ${namespace}/${name}: ${await world.call(() => world.cluster.client.delete({ apiVersion: 'v1', kind, namespace, name }))}`
    },
  },
  {
    weight: 1,
    async run(world, random) {
      if (world.namespaces.length === 0) return undefined
      const object = {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'robot', namespace: oneOf(random, world.namespaces) },
      } as const
      return `create service account ${object.metadata.namespace}/robot: ${await world.call(() => world.cluster.client.create(object))}`
    },
  },
  {
    weight: 3,
    run: (world, random) =>
      onNode(world, random, ({ metadata: { name }, spec }) => {
        const unschedulable = spec.unschedulable !== true
        const body = { metadata: { annotations: trace(random) }, spec: { unschedulable } }
        return [`${unschedulable ? 'cordon' : 'uncordon'} ${name}`, () => world.cluster.client.patch(node(name), { type: 'merge', body })]
      }),
  },
  {
    weight: 3,
    run(world, random) {
      const effect = oneOf(random, ['NoSchedule', 'NoSchedule', 'NoExecute'])
      return onNode(world, random, each => {
        const { name, resourceVersion } = each.metadata
        const others = (each.spec.taints ?? []).filter(({ key }) => key !== 'simulation')
        const isTainted = others.length < (each.spec.taints?.length ?? 0)
        const taints: Taint[] = isTainted ? others : [...others, { key: 'simulation', effect }]
        // Others write the list, too: it must be the one that was seen.
        const body = { metadata: { resourceVersion }, spec: { taints } }
        return [
          isTainted ? `remove the taint of ${name}` : `taint ${name} ${effect}`,
          () => world.cluster.client.patch(node(name), { type: 'merge', body }),
        ]
      })
    },
  },
  {
    weight: 2,
    run(world, random) {
      const metadata = { labels: { disk: oneOf(random, ['ssd', 'hdd', null]) }, annotations: trace(random) }
      return onNode(world, random, ({ metadata: { name } }) => [
        `label ${name} disk=${metadata.labels.disk}`,
        () => world.cluster.client.patch(node(name), { type: 'merge', body: { metadata } }),
      ])
    },
  },
  {
    weight: 1,
    async run(world) {
      if (world.machines.length >= 4) return undefined
      // It may get the name of one that was taken away: what that one still had under way has arrived when a new machine has booted.
      await world.cluster.clock.advance(bootMs)
      const [added] = await world.cluster.addNodes({ count: 1, capacity: { cpu: 4 } })
      return `add a machine: ${added!.name}`
    },
  },
  {
    weight: 1,
    async run(world, random) {
      if (world.machines.length <= 1) return undefined
      const name = oneOf(random, world.machines)
      await world.call(() => world.cluster.nodes.remove(name))
      world.wasHurt = true
      if (!chance(random, 0.5)) return `take the machine ${name} away`
      return `take the machine ${name} away and delete its node: ${await world.call(() => world.cluster.client.delete(node(name)))}`
    },
  },
  {
    weight: 2,
    async run(world, random) {
      if (world.namespaces.length === 0) return undefined
      const namespace = oneOf(random, world.namespaces)
      const tier = oneOf(random, ['front', 'back'])
      const collection = { apiVersion: 'v1', kind: 'Pod', namespace, labelSelector: `tier=${tier}` }
      const { signal } = new AbortController()
      return `delete pods of ${namespace} with tier=${tier}: ${await world.call(() => world.cluster.adminClient.deleteCollection(collection, signal))}`
    },
  },
]
