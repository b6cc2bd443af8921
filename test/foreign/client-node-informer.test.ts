/** The informer of the official client library for JavaScript, while its watches break. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CoreV1Api, KubeConfig, ListWatch, type V1ConfigMap, Watch } from '@kubernetes/client-node'
import { ForeignCluster } from './test-server.ts'

const namespace = 'default'
let cluster: ForeignCluster
let config: KubeConfig
let core: CoreV1Api

before(async () => {
  cluster = await ForeignCluster.start('--nodes=0')
  config = new KubeConfig()
  config.loadFromFile(cluster.endpoint.kubeconfig)
  core = config.makeApiClient(CoreV1Api)
})
after(() => cluster[Symbol.asyncDispose]())

const create = (name: string) => core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels: { watched: 'yes' } } } })
const whose = { user: 'kubernetes-admin', resource: 'configmaps' }

/** An informer with what it has told so far. */
async function startInformer() {
  const labelSelector = 'watched=yes'
  let lists = 0
  const list = () => {
    lists++
    return core.listNamespacedConfigMap({ namespace, labelSelector })
  }
  const path = `/api/v1/namespaces/${namespace}/configmaps`
  const informer = new ListWatch<V1ConfigMap>(path, new Watch(config), list, false, labelSelector, undefined, { delayFn: async () => {} })
  const told: string[] = []
  let notice = () => {}
  const tell = (text: string) => {
    told.push(text)
    notice()
  }
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb as 'add', (object: V1ConfigMap) => tell(`${verb} ${object.metadata?.name}`))
  }
  // As its documentation tells users to do.
  let isStopped = false
  informer.on('error', () => {
    if (!isStopped) informer.start().catch(error => tell(String(error)))
  })
  await informer.start()
  return {
    informer,
    told,
    get lists() {
      return lists
    },
    async until(text: string): Promise<void> {
      while (!told.includes(text)) await new Promise<void>(resolve => (notice = resolve))
    },
    async [Symbol.asyncDispose](): Promise<void> {
      isStopped = true
      await informer.stop()
    },
  }
}

test('informer: its watch breaks → it goes on where it was, and has missed nothing', async () => {
  await create('first')
  await using seen = await startInformer()
  await create('second')
  await seen.until('add second')
  const { watches } = await cluster.control<{ watches: number }>('POST', '/faults/watches/disconnect', { watches: whose })
  assert.equal(watches, 1)
  await create('third')
  await core.patchNamespacedConfigMap({ namespace, name: 'first', body: [{ op: 'add', path: '/data', value: { a: 'b' } }] })
  await seen.until('add third')
  await seen.until('update first')
  assert.deepEqual([seen.told, seen.lists], [['add first', 'add second', 'add third', 'update first'], 1])
  assert.deepEqual(seen.informer.get('first', namespace)?.data, { a: 'b' })
})

test('informer: its watch has expired → it lists again, and finds what went meanwhile', async () => {
  await create('stays')
  await create('goes')
  await using seen = await startInformer()
  await seen.until('add goes')
  await cluster.control('POST', '/faults/watches/drop', { events: { ...whose, type: 'DELETED', name: 'goes' }, times: 'forever' })
  await core.deleteNamespacedConfigMap({ namespace, name: 'goes' })
  await cluster.control('POST', '/faults/watches/expire', { watches: whose })
  await seen.until('delete goes')
  assert.equal(seen.lists, 2)
  assert.equal(seen.informer.get('goes', namespace), undefined)
  assert.equal(seen.told.filter(text => text === 'add stays').length, 1)
})
