/** What else can happen to a cluster: its supervisor dies, the machine starts again, its removal is interrupted. */
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { RealClock } from '#base/clock.ts'
import { findProcesses } from '#base/find-processes.ts'
import { SeededRandom } from '#base/random.ts'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { unmountBelow } from '#cluster/containerd/mounts.ts'
import { removeCgroups } from '#cluster/node/cgroup-root.ts'
import { ownCluster, root, runProgram, type TestCluster } from '../e2e/cluster.ts'
import { noTraces, planOf, tracesOf } from '../e2e/machine-state.ts'
import { untilSound } from './invariants.ts'
import { killIfRunning, killServer, serverPID, supervisorPIDs, untilServing } from './processes.ts'

const seed = Number(process.env['CRASH_SEED'] ?? 20261123)
const random = new SeededRandom(seed)
const clock = new RealClock()
const { signal } = new AbortController()
const example = (name: string) => join(root, 'examples', name)

const containerOf = (cluster: TestCluster, pod: string, field: string) =>
  cluster.jsonPath(`pod/${pod}`, `.status.containerStatuses[0].${field}`)

test('kill -9 of the supervisor: the cluster goes on; killed too, "up" brings it back with its containers', async context => {
  const cluster = await ownCluster(context)
  await cluster.up('-f', example('sample-pod.yaml'))
  const containerID = await containerOf(cluster, 'sample-pod', 'containerID')
  for (const pid of await supervisorPIDs(cluster)) killIfRunning(pid)
  assert.equal(await cluster.kubectl('1.36', ['exec', 'sample-pod', '--', 'echo', 'here']), 'here\n')
  assert.match((await cluster.up()).stdout, /runs already/)
  await killServer(cluster)
  assert.match((await cluster.cox(['status', '--data-dir', cluster.dataFolder])).stdout, /stopped/)
  await cluster.up()
  assert.equal((await supervisorPIDs(cluster)).length, 1)
  await untilSound(cluster, 'after the supervisor was killed')
  assert.equal(await containerOf(cluster, 'sample-pod', 'containerID'), containerID)
  // Without a supervisor it can be stopped as well.
  for (const pid of await supervisorPIDs(cluster)) killIfRunning(pid)
  await cluster.down()
  assert.deepEqual(
    (await tracesOf(cluster.dataFolder)).processes.filter(command => command.includes('cox.ts')),
    [],
  )
})

test('a server that dies again and again is brought back each time', async context => {
  const cluster = await ownCluster(context)
  await cluster.up()
  for (let round = 0; round < 6; round++) {
    const pid = await serverPID(cluster)
    await clock.sleep(random.next() * 250, signal)
    killIfRunning(pid)
  }
  await untilServing(cluster)
  await cluster.kubectl('1.36', ['get', 'nodes'])
})

/** As after a power cut: nothing runs, what was in memory is gone, what was on disk is there. */
async function cutPower(cluster: TestCluster): Promise<void> {
  const folder = await clusterFolder(cluster.dataFolder)
  const { bridge, table, deleteRoutes } = planOf(folder)
  for (const pid of await supervisorPIDs(cluster)) killIfRunning(pid)
  await killServer(cluster)
  const socket = join(folder.run, 'containerd/containerd.sock')
  const config = join(folder.containerd, 'config.toml')
  const runtimes = await findProcesses(args => args.includes(socket) || args.includes(config))
  const inPods = await runProgram('sh', [
    '-c',
    `find /sys/fs/cgroup -path '*/coxswain-${folder.id}/*' -name cgroup.procs -exec cat {} + | sort -u`,
  ])
  for (const pid of [...runtimes, ...inPods.stdout.split('\n').filter(Boolean).map(Number)]) killIfRunning(pid)
  const gone = async () => (await findProcesses(args => args.includes(socket) || args.includes(config))).length === 0
  while (!(await gone())) await clock.sleep(10, signal)
  await unmountBelow([folder.run, folder.data], signal)
  await rm(folder.run, { recursive: true })
  await removeCgroups(folder)
  await runProgram('ip', ['link', 'delete', bridge])
  await runProgram('nft', ['delete', 'table', 'ip', table])
  const metric = deleteRoutes[0]!.split(' ').at(-1)!
  const routes = (await runProgram('ip', ['route', 'show', 'type', 'unreachable'])).stdout.split('\n').filter(line => line.includes(metric))
  for (const route of routes) await runProgram('ip', ['route', 'delete', ...route.trim().split(/\s+/)])
}

test('the machine starts again: every Pod runs again in a new sandbox, one restart more, each with an address of its own', async context => {
  const cluster = await ownCluster(context)
  await cluster.up('-f', example('sample-pod.yaml'), '-f', example('sample-2pod.yaml'))
  await cluster.kubectl('1.36', ['run', 'once', '--image=busybox', '--restart=Never', '--', 'sh', '-c', 'echo done'])
  await cluster.kubectl('1.36', ['run', 'job', '--image=busybox', '--restart=Never', '--', 'sleep', '1000'])
  await cluster.waitFor('pod/once', 'jsonpath={.status.phase}=Succeeded')
  await cluster.waitFor('pod/job', 'condition=Ready')
  const counts = await cluster.jsonPath('pods', '.items[*].metadata.name')
  for (const round of [1, 2]) {
    await cutPower(cluster)
    await cluster.up()
    for (const name of ['sample-pod', 'sample-2pod']) await cluster.waitFor(`pod/${name}`, 'condition=Ready')
    await cluster.waitFor('pod/job', 'jsonpath={.status.phase}=Failed')
    await untilSound(cluster, `power cut ${round}`)
    assert.equal(await cluster.jsonPath('pods', '.items[*].metadata.name'), counts)
    for (const name of ['sample-pod', 'sample-2pod']) {
      const restarts = await cluster.jsonPath(`pod/${name}`, '.status.containerStatuses[*].restartCount')
      assert.match(restarts, new RegExp(`^${round}( ${round})*$`), `${name} after power cut ${round}`)
    }
    assert.equal(await cluster.jsonPath('pod/once', '.status.phase'), 'Succeeded')
    assert.equal(await containerOf(cluster, 'once', 'restartCount'), '0')
    const address = await cluster.jsonPath('pod/sample-pod', '.status.podIP')
    assert.match(await (await fetch(`http://${address}/`)).text(), /Welcome to nginx!/)
  }
})

test('"down --delete" that is killed can be repeated, and leaves nothing', async context => {
  for (let round = 0; round < 4; round++) {
    const cluster = await ownCluster(context)
    await cluster.up('-f', example('sample-pod.yaml'))
    const deleting = cluster.cox(['down', '--data-dir', cluster.dataFolder, '--delete'])
    await clock.sleep(200 + random.next() * 500, signal)
    const pids = await findProcesses(args => args.includes('down') && args.includes(cluster.dataFolder))
    for (const pid of pids) killIfRunning(pid)
    await deleting
    const again = await cluster.cox(['down', '--data-dir', cluster.dataFolder, '--delete'])
    // Only one that was complete leaves nothing to remove.
    if (again.code !== 0) assert.match(again.stderr, /no cluster in/)
    assert.deepEqual(await tracesOf(cluster.dataFolder), noTraces, `round ${round}, seed ${seed}`)
    assert.doesNotMatch(await readFile(cluster.kubeconfig, 'utf8').catch(() => ''), /coxswain/)
  }
})
