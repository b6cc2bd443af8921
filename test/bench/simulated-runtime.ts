import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { SimulatedRuntime, simulatedEnvironment } from '#cri/simulated/index.ts'
import type { Row } from './row.ts'

const nodeCount = 5_000
const podsPerNode = 2
const probeCount = 200_000
const signal = AbortSignal.any([])

interface PodIDs {
  runtime: SimulatedRuntime
  podSandboxId: string
  containerId: string
}

/** Simulated container runtimes without kubelets: what 5,000 nodes with two pods each cost. */
export async function benchSimulatedRuntime(): Promise<Row[]> {
  const environment = simulatedEnvironment({ clock: new VirtualClock() })
  const random = new SeededRandom(1)
  const emptyBytes = heapBytes()
  const nodes = Array.from({ length: nodeCount }, (_, index) => {
    const podCIDR = `10.${index >> 8}.${index & 255}.0/24`
    return new SimulatedRuntime({ environment, random, podCIDR, nodeIP: `192.168.${index >> 8}.${index & 255}` })
  })
  for (const runtime of nodes) await runtime.pullImage({ image: { image: 'web:1' } }, signal)
  const nodeBytes = heapBytes()
  const pods: PodIDs[] = []
  const createMs = await timeOf(async () => {
    for (let index = 0; index < nodeCount * podsPerNode; index++) pods.push(await startPod(nodes[index % nodeCount]!, index))
  })
  const podBytes = heapBytes()
  const probeMs = await timeOf(async () => {
    for (let index = 0; index < probeCount; index++) await probe(environment, index)
  })
  const forked = simulatedEnvironment({ clock: new VirtualClock(), images: environment.images })
  const forkMs = await timeOf(async () => {
    for (const { state } of nodes) new SimulatedRuntime({ environment: forked, random }, state)
  })
  const stopMs = await timeOf(async () => {
    for (const { runtime, containerId, podSandboxId } of pods) {
      await runtime.stopContainer({ containerId, timeout: 30n }, signal)
      await runtime.removePodSandbox({ podSandboxId }, signal)
    }
  })
  const perSecond = (count: number, ms: number) => (count / ms) * 1000
  return [
    {
      name: 'simulated runtime: pods created and started',
      value: perSecond(pods.length, createMs),
      unit: '/s',
      budget: { atLeast: 20_000 },
    },
    { name: 'simulated runtime: pods stopped and removed', value: perSecond(pods.length, stopMs), unit: '/s' },
    { name: 'simulated runtime: HTTP probes answered', value: perSecond(probeCount, probeMs), unit: '/s' },
    { name: 'simulated runtime: memory of a node with an image', value: (nodeBytes - emptyBytes) / nodeCount / 1024, unit: 'KB' },
    { name: 'simulated runtime: memory of a pod', value: (podBytes - nodeBytes) / pods.length / 1024, unit: 'KB' },
    { name: 'simulated runtime: fork of 5,000 nodes with 10,000 pods', value: forkMs, unit: 'ms' },
  ]
}

async function startPod(runtime: SimulatedRuntime, index: number): Promise<PodIDs> {
  const name = `pod-${index}`
  const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  const labels = { 'io.kubernetes.pod.name': name, 'io.kubernetes.pod.namespace': 'default', 'io.kubernetes.pod.uid': uid }
  const logDirectory = `/var/log/pods/default_${name}_${uid}`
  const sandbox = { metadata: { name, namespace: 'default', uid, attempt: 0 }, hostname: name, labels, logDirectory }
  const { podSandboxId } = await runtime.runPodSandbox({ config: sandbox }, signal)
  const config = {
    metadata: { name: 'main', attempt: 0 },
    image: { image: 'web:1', userSpecifiedImage: 'web:1' },
    labels: { 'io.kubernetes.container.name': 'main', ...labels },
    annotations: { 'io.kubernetes.container.hash': 'abc', 'io.kubernetes.container.restartCount': '0' },
    envs: [{ key: 'KUBERNETES_SERVICE_HOST', value: Buffer.from('10.96.0.1') }],
    mounts: [{ hostPath: `/var/lib/kubelet/pods/${uid}/etc-hosts`, containerPath: '/etc/hosts' }],
    logPath: 'main/0.log',
  }
  const { containerId } = await runtime.createContainer({ podSandboxId, config, sandboxConfig: sandbox }, signal)
  await runtime.startContainer({ containerId }, signal)
  return { runtime, podSandboxId, containerId }
}

async function probe({ network }: ReturnType<typeof simulatedEnvironment>, index: number): Promise<void> {
  const node = index % nodeCount
  const question = { method: 'GET', path: '/healthz', headers: {}, body: Buffer.alloc(0) }
  await network.request({ ip: `10.${node >> 8}.${node & 255}.2`, port: 8080 }, question, signal)
}

async function timeOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}
