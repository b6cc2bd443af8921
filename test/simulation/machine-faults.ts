import type { Random } from '#base/random.ts'
import type { SimulatedNode } from '#cluster/index.ts'
import { CRIError } from '#cri/error.ts'
import { podNameLabel } from '#kubelet/runtime/labels.ts'
import { between, oneOf } from './choice.ts'
import type { World } from './world.ts'
import type { Action } from './workload.ts'

/** Verbs that change something: those whose failure hurts. */
const verbs = [
  'runPodSandbox',
  'stopPodSandbox',
  'removePodSandbox',
  'createContainer',
  'startContainer',
  'stopContainer',
  'removeContainer',
  'containerStatus',
  'podSandboxStatus',
  'listContainers',
  'pullImage',
  'imageStatus',
] as const

const { signal } = new AbortController()

function anyMachine(world: World, random: Random): SimulatedNode {
  return world.cluster.nodes.get(oneOf(random, world.machines))!
}

/** Does something to one of what the runtime lists, unless it cannot be asked, has none, or has it no longer. */
async function onOneOf<T>(
  world: World,
  random: Random,
  { node, list, act }: { node: SimulatedNode; list: () => Promise<readonly T[]>; act: (chosen: T) => string },
): Promise<string | undefined> {
  if ([...world.faults.keys()].some(what => what.endsWith(` of ${node.name}`))) return undefined
  let text: string | undefined
  await world.call(async () => {
    const all = await list()
    if (all.length > 0) text = act(oneOf(random, all))
  })
  if (text !== undefined) world.wasHurt = true
  return text && `${text} on ${node.name}`
}

/** A fault that lasts until it is undone, there or in a copy of the cluster. */
function lasting(weight: number, what: string, { begin, end }: Record<'begin' | 'end', (faults: SimulatedNode['faults']) => void>): Action {
  return {
    weight,
    async run(world, random) {
      const node = anyMachine(world, random)
      const text = `${what} of ${node.name}`
      if (world.faults.has(text)) return undefined
      world.wasHurt = true
      begin(node.faults)
      world.faults.set(text, ({ nodes }) => {
        const now = nodes.get(node.name)
        if (now !== undefined) end(now.faults)
      })
      return text
    },
  }
}

/** What goes wrong with machines and their container runtimes. */
export const machineFaults: readonly Action[] = [
  {
    weight: 4,
    async run(world, random) {
      const node = anyMachine(world, random)
      const [verb, times] = [oneOf(random, verbs), between(random, 1, 4)]
      node.faults.fail(verb, new CRIError('Unknown', 'the simulation wants it'), { times })
      return `${verb} fails on ${node.name}, ${times} times`
    },
  },
  {
    weight: 4,
    async run(world, random) {
      const node = anyMachine(world, random)
      const [verb, delayMs] = [oneOf(random, verbs), between(random, 50, 20_000)]
      node.faults.delay(verb, delayMs, { times: between(random, 1, 4) })
      return `${verb} takes ${delayMs} ms on ${node.name}`
    },
  },
  {
    weight: 2,
    async run(world, random) {
      const node = anyMachine(world, random)
      node.faults.breakEvents()
      return `runtime events of ${node.name} break off`
    },
  },
  {
    weight: 2,
    async run(world, random) {
      const node = anyMachine(world, random)
      const count = between(random, 1, 5)
      node.faults.dropEvents(count)
      return `${count} runtime events of ${node.name} get lost`
    },
  },
  {
    weight: 5,
    run(world, random) {
      const node = anyMachine(world, random)
      const how = oneOf(random, ['kill', 'killOutOfMemory'] as const)
      return onOneOf(world, random, {
        node,
        list: async () => (await node.runtime.listContainers({}, signal)).containers,
        act: ({ id, labels, metadata }) => {
          node.faults[how](id)
          return `${how} ${labels[podNameLabel]}/${metadata?.name}`
        },
      })
    },
  },
  {
    weight: 3,
    run(world, random) {
      const node = anyMachine(world, random)
      return onOneOf(world, random, {
        node,
        list: async () => (await node.runtime.listPodSandbox({}, signal)).items,
        act: ({ id, metadata }) => {
          node.faults.killSandbox(id)
          return `kill the sandbox of ${metadata?.namespace}/${metadata?.name}`
        },
      })
    },
  },
  {
    weight: 2,
    async run(world, random) {
      const node = anyMachine(world, random)
      node.faults.restartRuntime()
      return `restart the runtime of ${node.name}`
    },
  },
  lasting(2, 'full disk', { begin: faults => faults.setDiskFull(true), end: faults => faults.setDiskFull(false) }),
  lasting(2, 'stopped runtime', { begin: faults => faults.stopRuntime(), end: faults => faults.startRuntime() }),
  lasting(2, 'hanging runtime', { begin: faults => faults.hang(), end: faults => faults.resume() }),
  lasting(3, 'partition', { begin: faults => faults.partition(), end: faults => faults.heal() }),
  lasting(1, 'slow disk', { begin: faults => faults.slowDisk(3_000), end: faults => faults.slowDisk(0) }),
  {
    weight: 4,
    async run(world, random) {
      const node = anyMachine(world, random)
      return `restart the kubelet of ${node.name}: ${await world.call(() => node.restartKubelet())}`
    },
  },
  lasting(2, 'power cut', { begin: faults => faults.stopNode(), end: faults => faults.startNode() }),
  {
    weight: 6,
    async run(world, random) {
      if (world.faults.size === 0) return undefined
      const [what, undo] = oneOf(random, [...world.faults])
      undo(world.cluster)
      world.faults.delete(what)
      return `end of ${what}`
    },
  },
]
