import { newNotFound } from '#apimachinery/status/status.ts'
import type { SimulatedNode } from '#cluster/index.ts'
import type { HostedCluster } from './hosted-cluster.ts'
import { nodeGroup } from './node-shape.ts'
import { route } from './route.ts'
import { list, object, text } from '#apimachinery/validation/shape.ts'

export const nodeNames = object({ nodes: list(text()) }, {})

/** @throws StatusError */
export function nodeNamed({ cluster }: HostedCluster, name: string): SimulatedNode {
  const node = cluster.nodes.get(name)
  if (node === undefined) throw newNotFound({ group: '', resource: 'nodes' }, name)
  return node
}

/** Simulated machines. */
export const nodeRoutes = [
  route({
    method: 'GET',
    path: '/nodes',
    summary: 'The simulated nodes',
    answer: nodeNames,
    run: ({ hosted }) => ({ nodes: [...hosted.cluster.nodes].map(({ name }) => name) }),
  }),
  route({
    method: 'POST',
    path: '/nodes',
    summary: 'Adds simulated nodes; answers when they are Ready',
    time: 'moves',
    body: nodeGroup,
    answer: nodeNames,
    run: async ({ hosted, body }) => ({ nodes: (await hosted.cluster.addNodes(body)).map(({ name }) => name) }),
  }),
  route({
    method: 'DELETE',
    path: '/nodes/{name}',
    summary: 'Takes the machine away: no farewell, its Node object stays',
    answer: nodeNames,
    run: async ({ hosted, params: { name } }) => {
      nodeNamed(hosted, name)
      await hosted.cluster.nodes.remove(name)
      return { nodes: [name] }
    },
  }),
]
