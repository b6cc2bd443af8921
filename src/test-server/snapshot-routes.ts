import { newConflict } from '#apimachinery/status/status.ts'
import { clockOf, clockState } from './clock-routes.ts'
import { clusterEndpoint } from './cluster-routes.ts'
import type { HostedCluster } from './hosted-cluster.ts'
import { type KeptMoment, keep } from './named-snapshots.ts'
import { route } from './route.ts'
import { described, list, object, text } from '#apimachinery/validation/shape.ts'

const namedSnapshot = object({ id: text(), time: described("The cluster's time then", text()) }, {})

/** @throws StatusError */
async function setBack({ cluster, faults, isKept }: HostedCluster, moment: KeptMoment) {
  if (isKept) throw newConflict({ group: '', resource: 'clusters' }, '', 'its state is in a folder; fork it, and set the fork back')
  await cluster.restore(moment.snapshot)
  faults.replace(moment.faults, order => cluster.faults.find(order))
  return clockOf(cluster)
}

/** Copies of the cluster, and ways back. */
export const snapshotRoutes = [
  route({
    method: 'POST',
    path: '/fork',
    summary: 'Starts another cluster that is the same now, with a kubeconfig and a control URL of its own',
    time: 'stands',
    answer: clusterEndpoint,
    run: ({ hosted }) => hosted.fork(),
  }),
  route({
    method: 'POST',
    path: '/reset',
    summary: 'Sets the cluster back to what it was when it started, or was forked',
    time: 'stands',
    answer: clockState,
    run: ({ hosted }) => setBack(hosted, hosted.beginning),
  }),
  route({
    method: 'GET',
    path: '/snapshots',
    summary: 'The snapshots that were taken',
    answer: object({ items: list(namedSnapshot) }, {}),
    run: ({ hosted }) => ({ items: hosted.snapshots.list() }),
  }),
  route({
    method: 'POST',
    path: '/snapshots',
    summary: 'Keeps the cluster as it is now, to go back to',
    time: 'stands',
    answer: namedSnapshot,
    run: async ({ hosted }) => hosted.snapshots.add(await keep(hosted.cluster, hosted.faults)),
  }),
  route({
    method: 'POST',
    path: '/snapshots/{id}/restore',
    summary: 'Sets the cluster back to a snapshot: objects, revisions, time, nodes, images, logs, faults',
    time: 'stands',
    answer: clockState,
    run: ({ hosted, params: { id } }) => setBack(hosted, hosted.snapshots.get(id)),
  }),
  route({
    method: 'DELETE',
    path: '/snapshots/{id}',
    summary: 'Forgets a snapshot',
    answer: namedSnapshot,
    run: ({ hosted, params: { id } }) => hosted.snapshots.remove(id),
  }),
]
