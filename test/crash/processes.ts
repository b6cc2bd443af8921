/** The processes of a test's cluster, to be killed. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { RealClock } from '#base/clock.ts'
import { findProcesses } from '#base/find-processes.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import { RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import { clusterFolder } from '#cluster/cluster-folder.ts'
import { queryControlStatus, untilControlReady } from '#cluster/control-socket.ts'
import type { TestCluster } from '../e2e/cluster.ts'

const clock = new RealClock()
const { signal } = new AbortController()

export async function newClient(cluster: TestCluster): Promise<RESTClient> {
  const config = await clientConfigOf(await loadKubeconfig([cluster.kubeconfig]))
  const transport = new HTTPSTransport({ ...config, userAgent: 'crash-test' })
  return new RESTClient(transport, new RESTMapper(transport, builtinResourceInfos))
}

/** The process that runs the cluster; waits for one that the supervisor is just starting. */
export async function serverPID(cluster: TestCluster): Promise<number> {
  const { controlSocket } = await clusterFolder(cluster.dataFolder)
  for (let attempt = 0; attempt < 1_500; attempt++) {
    const status = await queryControlStatus(controlSocket)
    if (status !== undefined) return status.pid
    await clock.sleep(20, signal)
  }
  assert.fail('no process runs the cluster')
}

/** Kills the process that runs the cluster and waits for its end. */
export async function killServer(cluster: TestCluster): Promise<void> {
  const { controlSocket } = await clusterFolder(cluster.dataFolder)
  const pid = await serverPID(cluster)
  const socket = connect(controlSocket)
  const ended = new Promise(resolve => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.resume()
  process.kill(pid, 'SIGKILL')
  await ended
}

/** Resolves when the cluster is served again and its node Ready. */
export async function untilServing(cluster: TestCluster): Promise<void> {
  const { controlSocket } = await clusterFolder(cluster.dataFolder)
  for (let attempt = 0; attempt < 1_500; attempt++) {
    if ((await untilControlReady(controlSocket)) !== undefined) return
    await clock.sleep(20, signal)
  }
  assert.fail('the cluster did not come back within 30 s')
}

/** Kills containerd, if it runs: right after its last end it may not yet. */
export async function killContainerd(cluster: TestCluster): Promise<void> {
  const { run } = await clusterFolder(cluster.dataFolder)
  const { pid } = JSON.parse(await readFile(join(run, 'containerd/containerd.pid'), 'utf8')) as { pid: number }
  killIfRunning(pid)
}

export async function supervisorPIDs(cluster: TestCluster): Promise<number[]> {
  const { data } = await clusterFolder(cluster.dataFolder)
  return findProcesses(args => args[3] === 'cox-supervisor' && args.includes(data))
}

export function killIfRunning(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
