/** What must be true of a cluster that has come to rest: the API, the runtime and the machine say the same. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { isTerminalPhase } from '#api/core/v1/pod-conditions.ts'
import { RealClock } from '#base/clock.ts'
import { findProcesses } from '#base/find-processes.ts'
import { type ClusterFolder, clusterFolder } from '#cluster/cluster-folder.ts'
import { type Container, ContainerState, type PodSandbox, PodSandboxState } from '#cri/gen/runtime.gen.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import { podUIDLabel } from '#kubelet/runtime/labels.ts'
import { runProgram, type TestCluster } from '../e2e/cluster.ts'
import { planOf, resultsOf } from '../e2e/machine-state.ts'
import { newClient } from './processes.ts'

const clock = new RealClock()
const { signal } = new AbortController()
const restMsMax = 40_000

/** Waits until nothing is wrong any more. @throws with what still is, when the cluster does not come to rest */
export async function untilSound(cluster: TestCluster, when: string): Promise<void> {
  const untilMs = clock.monotonicMs() + restMsMax
  for (;;) {
    const problems = await problemsOf(cluster).catch(error => [`cannot look: ${(error as Error).message}`])
    if (problems.length === 0) return
    assert.ok(clock.monotonicMs() < untilMs, `${when}:\n${problems.join('\n')}`)
    await clock.sleep(100, signal)
  }
}

interface Sight {
  folder: ClusterFolder
  pods: Map<string, Pod>
  sandboxes: PodSandbox[]
  /** IP by sandbox ID; none for pods on the machine's network. */
  addresses: Map<string, string>
  containers: Container[]
}

async function problemsOf(cluster: TestCluster): Promise<string[]> {
  const sight = await look(cluster)
  return [
    ...runtimeProblems(sight),
    ...[...sight.pods.values()].flatMap(pod => podProblems(pod, sight)),
    ...(await networkProblems(sight)),
    ...(await machineProblems(sight)),
  ]
}

async function look(cluster: TestCluster): Promise<Sight> {
  const folder = await clusterFolder(cluster.dataFolder)
  using connection = connectRuntime({ socketPath: join(folder.run, 'containerd/containerd.sock'), clock })
  const { runtime } = connection
  const client = await newClient(cluster)
  const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, signal)
  const [sandboxes, { containers }] = await Promise.all([runtime.listPodSandbox({}, signal), runtime.listContainers({}, signal)])
  const addresses = new Map<string, string>()
  for (const { id } of sandboxes.items.filter(isReady)) {
    const ip = (await runtime.podSandboxStatus({ podSandboxId: id }, signal)).status?.network?.ip ?? ''
    if (ip !== '') addresses.set(id, ip)
  }
  return { folder, pods: new Map(items.map(pod => [pod.metadata.uid!, pod])), sandboxes: sandboxes.items, addresses, containers }
}

const isReady = ({ state }: PodSandbox) => state === PodSandboxState.SANDBOX_READY
const uidOf = ({ labels }: { labels: { [key: string]: string } }) => labels[podUIDLabel] ?? ''

function runtimeProblems({ pods, sandboxes, containers }: Sight): string[] {
  const nobody = (uid: string) => !pods.has(uid)
  return [
    ...sandboxes.filter(each => nobody(uidOf(each))).map(({ id }) => `sandbox ${id} belongs to no pod`),
    ...containers.filter(each => nobody(uidOf(each))).map(({ id }) => `container ${id} belongs to no pod`),
    ...containers
      .filter(({ state }) => state !== ContainerState.CONTAINER_RUNNING && state !== ContainerState.CONTAINER_EXITED)
      .map(({ id }) => `container ${id} was created and never started`),
    ...containers
      .filter(({ podSandboxId }) => !sandboxes.some(({ id }) => id === podSandboxId))
      .map(({ id }) => `container ${id} has no sandbox`),
  ]
}

function podProblems(pod: Pod, { sandboxes, containers, addresses }: Sight): string[] {
  const { uid = '', name, deletionTimestamp } = pod.metadata
  if (deletionTimestamp !== undefined) return [`pod ${name} is still being deleted`]
  const ready = sandboxes.filter(each => uidOf(each) === uid && isReady(each))
  if (isTerminalPhase(pod.status?.phase)) return ready.length === 0 ? [] : [`pod ${name} has ended and keeps a sandbox`]
  if (ready.length !== 1) return [`pod ${name} has ${ready.length} ready sandboxes`]
  const [{ id }] = ready as [PodSandbox]
  const running = containers.filter(each => uidOf(each) === uid && each.state === ContainerState.CONTAINER_RUNNING).map(each => each.id)
  const shown = (pod.status?.containerStatuses ?? []).filter(({ state }) => state?.running !== undefined)
  const shownIDs = shown.map(({ containerID }) => containerID!.replace('containerd://', ''))
  const problems: string[] = []
  if (shown.length !== pod.spec.containers.length)
    problems.push(`pod ${name} runs ${shown.length} of ${pod.spec.containers.length} containers`)
  if (running.toSorted().join() !== shownIDs.toSorted().join())
    problems.push(`pod ${name} shows ${shownIDs.join()}, and ${running.join()} run`)
  if (pod.spec.hostNetwork !== true && addresses.get(id) !== pod.status?.podIP)
    problems.push(`pod ${name} shows ${pod.status?.podIP} and has ${addresses.get(id)}`)
  return problems
}

/** One network namespace, one cable, one note of the address and one result for each ready sandbox, and none beyond. */
async function networkProblems({ folder, addresses }: Sight): Promise<string[]> {
  const { bridge, network } = planOf(folder)
  const problems: string[] = []
  if (new Set(addresses.values()).size !== addresses.size) problems.push(`addresses given twice: ${[...addresses.values()].join(' ')}`)
  const notes = join(folder.cniIPAM, network)
  for (const address of (await readdir(notes).catch(() => [])).filter(name => /^\d+\.\d+\.\d+\.\d+$/.test(name))) {
    const owner = (await readFile(join(notes, address), 'utf8')).split(/\r?\n/)[0]!
    if (addresses.get(owner) !== address) problems.push(`address ${address} is kept for ${owner}, which is no ready sandbox`)
  }
  for (const [id, address] of addresses)
    if ((await readFile(join(notes, address), 'utf8').catch(() => '')) === '')
      problems.push(`address ${address} of ${id} is not noted as taken`)
  const cables = (await runProgram('ip', ['-o', 'link', 'show', 'master', bridge])).stdout.split('\n').filter(line => line !== '')
  if (cables.length !== addresses.size) problems.push(`${cables.length} cables on the bridge for ${addresses.size} pods`)
  const namespaces = (await mountPoints()).filter(point => point.startsWith(`${folder.run}/`) && point.includes('/netns/'))
  if (namespaces.length !== addresses.size) problems.push(`${namespaces.length} network namespaces for ${addresses.size} pods`)
  for (const name of await resultsOf(folder, network))
    if (![...addresses.keys()].some(id => name.includes(id))) problems.push(`network result ${name} belongs to no ready sandbox`)
  return problems
}

async function machineProblems({ folder, pods, sandboxes, containers }: Sight): Promise<string[]> {
  const problems: string[] = []
  const socket = join(folder.run, 'containerd/containerd.sock')
  const readyIDs = new Set(sandboxes.filter(isReady).map(({ id }) => id))
  const shims = await findProcesses(args => args[0]?.includes('containerd-shim') === true && args.includes(socket))
  const shimIDs = await Promise.all(
    shims.map(async pid => /\0-id\0([0-9a-f]+)/.exec(await readFile(`/proc/${pid}/cmdline`, 'utf8'))?.[1] ?? ''),
  )
  for (const id of shimIDs) if (!readyIDs.has(id)) problems.push(`shim of ${id}, which is no ready sandbox`)
  for (const id of readyIDs) if (shimIDs.filter(each => each === id).length !== 1) problems.push(`sandbox ${id} has not one shim`)
  const alive = new Set([...readyIDs, ...containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING).map(({ id }) => id)])
  for (const point of await mountPoints()) {
    const id = point.startsWith(`${folder.run}/`) ? /\/([0-9a-f]{64})\//.exec(point)?.[1] : undefined
    if (id !== undefined && !alive.has(id)) problems.push(`mount ${point} belongs to nothing that runs`)
    const uid = point.startsWith(`${folder.kubelet}/pods/`) ? point.slice(`${folder.kubelet}/pods/`.length).split('/')[0] : undefined
    if (uid !== undefined && !pods.has(uid)) problems.push(`mount ${point} belongs to no pod`)
  }
  const cgroups = await runProgram('find', ['/sys/fs/cgroup', '-type', 'd', '-path', `*/coxswain-${folder.id}/*`, '-name', 'pod*'])
  const uids = cgroups.stdout
    .split('\n')
    .filter(line => line !== '')
    .map(path => /pod([^/]+)$/.exec(path)![1]!)
  for (const uid of new Set(uids)) if (!pods.has(uid)) problems.push(`cgroup of pod ${uid}, which is gone`)
  for (const uid of await readdir(join(folder.kubelet, 'pods'))) if (!pods.has(uid)) problems.push(`folder of pod ${uid}, which is gone`)
  for (const name of await readdir(folder.podLogs)) if (!pods.has(name.split('_').at(-1)!)) problems.push(`logs ${name}, whose pod is gone`)
  return problems
}

async function mountPoints(): Promise<string[]> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map(line => line.split(' ')[4] ?? '')
}
