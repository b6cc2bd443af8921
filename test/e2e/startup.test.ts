/** Starting and stopping when something is in the way: another start, a stop, a port, what an earlier process left. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { RealClock } from '#base/clock.ts'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { type Outcome, ownCluster, root, type TestCluster } from './cluster.ts'
import { noTraces, tracesOf } from './machine-state.ts'

const clock = new RealClock()
const { signal } = new AbortController()

const upFlags = (cluster: TestCluster, ...extra: string[]) => [
  'up',
  ...['--data-dir', cluster.dataFolder, '--kubeconfig', cluster.kubeconfig, '--api-port', String(cluster.apiPort), '--offline', '--detach'],
  ...extra,
]

const lastLine = ({ stderr }: Outcome) => stderr.trimEnd().split('\n').at(-1) ?? ''

async function listenAnywhere(context: TestContext): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  context.after(() => new Promise(resolve => server.close(resolve)))
  return (server.address() as { port: number }).port
}

test('up twice at once: one starts the cluster, the other says in one line that it is being started', async context => {
  const cluster = await ownCluster(context)
  const outcomes = await Promise.all([cluster.cox(upFlags(cluster)), cluster.cox(upFlags(cluster))])
  const [winner, loser] = outcomes.toSorted((a, b) => a.code - b.code) as [Outcome, Outcome]
  assert.equal(winner.code, 0, winner.stderr)
  assert.equal(loser.code, 1)
  assert.match(
    loser.stderr,
    /^cox up: the cluster in ".*" is just being started by process \d+; wait for it, or stop it with "cox down"\n$/,
  )
  assert.match((await cluster.cox(['status', '--data-dir', cluster.dataFolder])).stdout, /running/)
  // Nothing of the loser supervises a second server.
  const servers = (await tracesOf(cluster.dataFolder)).processes.filter(command => /cox\.[jt]s serve/.test(command))
  assert.equal(servers.length, 2, servers.join('\n'))
  assert.match((await cluster.cox(upFlags(cluster))).stdout, /runs already/)
})

test('up of a cluster that runs: what it was given stays, and a further kubeconfig gets its context until it is removed', async context => {
  const cluster = await ownCluster(context)
  await cluster.up()
  const otherPort = await cluster.cox(upFlags(cluster, '--api-port', '1'))
  assert.equal(otherPort.code, 1)
  assert.match(otherPort.stderr, /^cox up: cannot change --api-port of the cluster in ".*" from \d+ to 1; stop it with "cox down" first\n$/)
  const otherRange = await cluster.cox(upFlags(cluster, '--pod-cidr', '10.99.0.0/16'))
  assert.match(
    otherRange.stderr,
    /^cox up: cannot change --pod-cidr of .* to 10\.99\.0\.0\/16; remove it with "cox down --delete" first\n$/,
  )
  const second = join(cluster.folder, 'second')
  await cluster.up('--kubeconfig', second)
  const contexts = await cluster.kubectl('1.36', ['--kubeconfig', second, 'config', 'get-contexts', '-o', 'name'])
  assert.match(contexts, /^coxswain-/)
  await cluster.kubectl('1.36', ['--kubeconfig', second, 'get', 'nodes'])
  await cluster.down('--delete')
  assert.equal(existsSync(second), false)
})

test('a port that is taken: one line says which and what to do, and only the log of the attempt is left', async context => {
  const cluster = await ownCluster(context)
  const port = await listenAnywhere(context)
  const outcome = await cluster.cox(upFlags(cluster, '--api-port', String(port)))
  assert.equal(outcome.code, 1)
  assert.equal(outcome.stderr, `cox up: port ${port} is in use by another program; end that one, or choose another port with --api-port\n`)
  assert.deepEqual({ ...(await tracesOf(cluster.dataFolder)), folders: [] }, noTraces)
})

test("the kubelet's port is taken when the cluster comes back: it takes another one", async context => {
  const cluster = await ownCluster(context)
  await cluster.up('-f', join(root, 'examples/sample-pod.yaml'))
  await cluster.down()
  const record = join(cluster.dataFolder, 'cluster.json')
  const port = await listenAnywhere(context)
  await writeFile(record, JSON.stringify({ ...JSON.parse(await readFile(record, 'utf8')), kubeletPort: port }))
  await cluster.up()
  assert.notEqual(await cluster.jsonPath('nodes', '.items[0].status.daemonEndpoints.kubeletEndpoint.Port'), String(port))
  assert.equal(await cluster.kubectl('1.36', ['exec', 'sample-pod', '--', 'echo', 'reached']), 'reached\n')
})

test('files that an earlier process left do not disturb', async context => {
  const cluster = await ownCluster(context)
  const { run, containerd } = await clusterFolder(cluster.dataFolder)
  await mkdir(join(run, 'containerd'), { recursive: true })
  await mkdir(containerd, { recursive: true })
  for (const name of ['control.sock', 'containerd/containerd.sock', 'containerd/containerd.sock.ttrpc'])
    await writeFile(join(run, name), '')
  // Of another boot, and a process that lives.
  await writeFile(join(run, 'containerd/containerd.pid'), JSON.stringify({ pid: process.pid, startTicks: '1', bootID: 'another' }))
  await writeFile(join(containerd, 'config.toml'), 'half a li')
  await cluster.up()
  assert.match((await cluster.cox(['status', '--data-dir', cluster.dataFolder])).stdout, /running/)
})

test('down while up starts: both end soon, nothing runs afterwards, and delete removes every trace', async context => {
  const cluster = await ownCluster(context)
  // First the folder, else there is no cluster to stop in the earliest moments.
  await cluster.up()
  for (const delayMs of [0, 60, 150, 300, 500]) {
    await cluster.down()
    const starting = cluster.cox(upFlags(cluster))
    await clock.sleep(150 + delayMs, signal)
    const stopping = await cluster.cox(['down', '--data-dir', cluster.dataFolder])
    assert.equal(stopping.code, 0, stopping.stderr)
    const outcome = await starting
    if (outcome.code !== 0) assert.match(lastLine(outcome), /stopped while it was starting|ended while it started/, `${delayMs} ms`)
    // A "down" that came too early found nothing to stop.
    if (outcome.code === 0 && stopping.stdout.includes('was not running')) continue
    const running = (await tracesOf(cluster.dataFolder)).processes.filter(command => /cox\.[jt]s/.test(command))
    assert.deepEqual(running, [], `${delayMs} ms: ${stopping.stdout}${outcome.stdout}`)
  }
  await cluster.down('--delete')
  assert.deepEqual(await tracesOf(cluster.dataFolder), noTraces)
})
