import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { RealClock } from '#base/clock.ts'
import { containerdPaths } from '#cluster/containerd/index.ts'
import { containerdFolders } from '#cluster/node/node-runtime.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import { BareRuntime } from './bare-runtime.ts'
import { LoadClient } from './load-client.ts'
import { MachineCluster } from './machine-cluster.ts'
import { median, percentile } from './median.ts'
import { createPod, deletePod, isRunning, PodWatch } from './pods.ts'
import type { Row } from './row.ts'

const rounds = 20
const namespace = 'default'
const image = 'busybox'
/** Ends at once when it is told to: the rounds then do not wait for a grace period. */
const command = ['sh', '-c', 'trap "exit 0" TERM; sleep infinity & wait']

/** Pods through the API until a watch shows them Running, by turns with the same sandbox and container asked of the runtime directly. */
export async function benchPodStart(): Promise<Row[]> {
  await using cluster = await MachineCluster.create()
  await cluster.up()
  using client = await LoadClient.open(await cluster.config(), { connections: 1 })
  const folder = await cluster.folder
  const { socket } = containerdPaths(containerdFolders(folder))
  using connection = connectRuntime({ socketPath: socket, clock: new RealClock() })
  await using logs = await mkdtempDisposable(join(tmpdir(), 'coxswain-bench-logs-'))
  const bare = new BareRuntime({ runtime: connection.runtime, clusterID: folder.id, logFolder: logs.path, image, command })
  // The first of each is not counted: it fetches the image.
  await startPod(client, 'first')
  await bare.startMs('first')
  const pods: PodTimes[] = []
  const bareMs: number[] = []
  for (let round = 0; round < rounds; round++) {
    pods.push(await startPod(client, `pod-${round}`))
    bareMs.push(await bare.startMs(`bare-${round}`))
  }
  const podMs = pods.map(({ runningMs }) => runningMs)
  const boundMs = median(pods.map(({ boundMs }) => boundMs))
  const above = median(podMs) - median(bareMs)
  const name = 'pod start: created through the API to Running in a watch'
  return [
    { name: `${name}, p50`, value: median(podMs), unit: 'ms', beside: [{ what: 'bare runtime', value: median(bareMs) }] },
    { name: `${name}, p95`, value: percentile(podMs, 95), unit: 'ms', beside: [{ what: 'bare runtime', value: percentile(bareMs, 95) }] },
    {
      name: 'pod start: above the runtime itself, p50',
      value: above,
      unit: 'ms',
      budget: { atMost: 15 },
      note: `${rounds} of each, by turns; a watch showed the node after ${boundMs.toFixed(1)} ms`,
    },
  ]
}

/** Since the request was sent. */
interface PodTimes {
  boundMs: number
  runningMs: number
}

async function startPod(client: LoadClient, name: string): Promise<PodTimes> {
  const watch = await PodWatch.start(client, namespace)
  const began = performance.now()
  const bound = watch.until(name, ({ object }) => object.spec.nodeName !== undefined)
  await createPod(client, podOf(name))
  const [boundAt, runningAt] = await Promise.all([bound, watch.until(name, isRunning)])
  await deletePod(client, namespace, name)
  return { boundMs: boundAt - began, runningMs: runningAt - began }
}

function podOf(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { containers: [{ name: 'main', image, command, imagePullPolicy: 'IfNotPresent' }] },
  }
}
