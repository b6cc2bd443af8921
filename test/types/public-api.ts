/** What must compile against the public API, and what must not. The compiler is the judge: `npm run check`. Nothing here is run. */
import { type Cluster, type ConfigMap, type DynamicObject, isConflict, type Pod, startCluster, type StatusError } from 'coxswain'

const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }

/** Compiles only when both are the same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function check<_Same extends true>(): void {}

export async function startsWithEveryOption(): Promise<Cluster> {
  await startCluster()
  await startCluster({ storage: { sqlite: '/tmp/x' }, clock: 'real', seed: 1, api: { port: 6443 }, controllers: [] })
  // @ts-expect-error no such clock
  await startCluster({ clock: 'slow' })
  // @ts-expect-error no such storage
  await startCluster({ storage: 'disk' })
  // @ts-expect-error how many?
  await startCluster({ nodes: {} })
  await startCluster({ nodes: [{ runtime: 'containerd', count: 1, name: 'this', offline: true }, { count: 3 }] })
  // @ts-expect-error there is only one such machine
  await startCluster({ nodes: { runtime: 'containerd', count: 2 } })
  // @ts-expect-error it has what it has
  await startCluster({ nodes: { runtime: 'containerd', count: 1, capacity: { cpu: 1 } } })
  // @ts-expect-error no such controller
  await startCluster({ controllers: ['*', '-replicaset-controller'] })
  return startCluster({
    nodes: [
      { count: 3, capacity: { cpu: 4, memory: '8Gi', pods: 50 }, labels: { a: 'b' } },
      { count: 1, taints: [{ key: 'k', effect: 'NoSchedule' }] },
    ],
    controllers: ['*', '-node-lifecycle-controller'],
    images: { unknown: 'not found' },
  })
}

export async function answersAreTypedByKind({ client }: Cluster): Promise<void> {
  const got = await client.get({ apiVersion: 'v1', kind: 'Pod', name: 'web' })
  check<Same<typeof got, Pod>>()
  const { items } = await client.list({ apiVersion: 'v1', kind: 'ConfigMap', labelSelector: 'a=b' })
  check<Same<(typeof items)[number]['data'], ConfigMap['data']>>()
  const created = await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: 'b' } })
  check<Same<typeof created, ConfigMap>>()
  const updated = await client.update({ ...got, metadata: { ...got.metadata, labels: {} } })
  check<Same<(typeof updated)['spec'], Pod['spec']>>()
  const patched = await client.patch({ apiVersion: 'v1', kind: 'Pod', name: 'web' }, { type: 'merge', body: {} })
  check<Same<typeof patched, Pod>>()
  const applied = await client.apply(pod, { fieldManager: 'me', force: true })
  check<Same<(typeof applied)['status'], Pod['status']>>()
  await client.delete({ apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'default' }, { gracePeriodSeconds: 0 })
  await client.deleteCollection({ apiVersion: 'v1', kind: 'Pod', labelSelector: 'app=web' })
  // @ts-expect-error a Pod has no data
  console.log(got.data)
  // @ts-expect-error what is it called?
  await client.get({ apiVersion: 'v1', kind: 'Pod' })
  // @ts-expect-error no such way to patch
  await client.patch({ apiVersion: 'v1', kind: 'Pod', name: 'web' }, { type: 'put', body: {} })
}

export async function whatTheServerAddsIsThere({ client }: Cluster): Promise<void> {
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }
  const { metadata } = await client.create(settings)
  check<Same<(typeof metadata)['resourceVersion'], string | undefined>>()
}

export async function otherKindsAreDynamic({ client }: Cluster): Promise<void> {
  const got = await client.get({ apiVersion: 'example.com/v1', kind: 'Widget', name: 'a' })
  check<Same<typeof got, DynamicObject>>()
  // @ts-expect-error nothing is known of it
  console.log(got.spec.size)
  const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec: { size: 1 } }
  const created = await client.create(widget)
  check<Same<(typeof created)['spec']['size'], number>>()
}

export async function watchesAreAsyncIterators({ client }: Cluster): Promise<void> {
  for await (const { type, object } of client.watch({ apiVersion: 'v1', kind: 'Pod' }, { signal: AbortSignal.abort() })) {
    check<Same<typeof type, 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'>>()
    check<Same<(typeof object)['status'], Pod['status']>>()
  }
}

export async function theRestOfTheHandle(cluster: Cluster): Promise<void> {
  check<Same<Cluster['kubeconfig'], string>>()
  check<Same<Cluster['url'], string>>()
  const ready = await cluster.until(pod, 'Ready', { timeout: '10m' })
  check<Same<(typeof ready)['status'], Pod['status']>>()
  await cluster.until({ apiVersion: 'v1', kind: 'Pod', name: 'web' }, now => now?.status?.phase === 'Running')
  const [event] = await cluster.events(pod)
  check<Same<NonNullable<typeof event>['reason'], string | undefined>>()
  const { exitCode, stdout } = await cluster.client.exec({ name: 'web' }, ['true'], { container: 'web', stdin: '' })
  console.log(exitCode + 1, stdout.trim(), (await cluster.client.logs({ name: 'web' }, { previous: true })).trim())
  await cluster.clock.advance('10m')
  await cluster.clock.runUntil(async () => true, { timeout: 1_000 })
  console.log(cluster.clock.now() + 1)
  await cluster[Symbol.asyncDispose]()
}

export function errorsAreToldApart(error: unknown): void {
  if (isConflict(error)) check<Same<typeof error, StatusError>>()
}

export async function expectations(cluster: Cluster): Promise<void> {
  const { expectPod } = await import('coxswain/testing')
  const ready = await expectPod(cluster, pod, { timeout: '1h' }).toBecomeReady()
  check<Same<typeof ready, Pod>>()
  await expectPod(cluster, { name: 'web', namespace: 'shop' }).toLog(/./, { previous: true })
  // @ts-expect-error a Pod of which cluster?
  expectPod('web')
}
