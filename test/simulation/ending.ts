import type { Namespace, Pod } from '#api/core/v1/types.gen.ts'
import type { World } from './world.ts'

/** What an administrator does about machines that will not come back. */
export async function removeLostNodes(world: World): Promise<void> {
  const machines = new Set(world.machines)
  for (const { metadata } of world.nodes) {
    if (machines.has(metadata.name)) continue
    await world.call(() => world.cluster.client.delete({ apiVersion: 'v1', kind: 'Node', name: metadata.name }))
  }
}

/** Deletes what the users made. */
export async function emptyCluster(world: World): Promise<void> {
  const { client } = world.cluster
  for (const pod of world.log.objects<Pod>('pods')) await world.call(() => client.delete(pod))
  for (const { metadata } of world.log.objects<Namespace>('namespaces'))
    if (metadata.name.startsWith('team-'))
      await world.call(() => client.delete({ apiVersion: 'v1', kind: 'Namespace', name: metadata.name }))
}
