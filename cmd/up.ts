import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Pod } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { RealClock } from '#base/clock.ts'
import { type ClusterFolder, clusterFolder, makeDataFolder } from '#cluster/cluster-folder.ts'
import { lockStart } from '#cluster/cluster-locks.ts'
import { queryControlStatus, untilControlReady } from '#cluster/control-socket.ts'
import { installPackages, missingPackages } from '#cluster/packages.ts'
import type { Client } from '#client/client.ts'
import { readKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import type { RESTMapper } from '#client/rest-mapper.ts'
import { applyObject } from '#kubectl/apply/apply.ts'
import { readManifests } from '#kubectl/apply/manifests.ts'
import { untilPodReady } from '#kubectl/wait.ts'
import { defaultKubeconfig } from '#client/kubeconfig/default-kubeconfig.ts'
import { adminClient } from './client.ts'
import { dataDirFlag, defaultDataDirectory, requireRoot } from './data-directory.ts'
import { type FlagDefinitions, describeFlags, type Flags, parseOnlyFlags, UsageError } from './flags.ts'
import { joinRunning } from './join-running.ts'
import { printNotice, printStep } from './progress.ts'
import { runServer, serverFlags, StoppedEarly, validateServerFlags } from './server.ts'
import { stopServer } from './stop-server.ts'
import { startSupervisor } from './supervisor.ts'
import { wideTable } from './tables.ts'

const definitions = {
  filename: { type: 'strings', short: 'f', placeholder: 'FILE|DIR', description: 'Manifests to apply; may be given several times' },
  'data-dir': dataDirFlag,
  kubeconfig: {
    type: 'string',
    placeholder: 'FILE',
    description: 'File to merge the context into (default $KUBECONFIG, or ~/.kube/config)',
  },
  ...serverFlags,
  detach: { type: 'boolean', description: 'Return when the cluster is ready and keep it running in the background' },
  timeout: { type: 'number', placeholder: 'SECONDS', description: 'How long the applied Pods may take to be ready (default 300)' },
  'no-install': { type: 'boolean', description: 'Do not install missing Debian packages; list them instead' },
} satisfies FlagDefinitions

type UpFlags = Flags<typeof definitions>

const defaultTimeoutSeconds = 300

export function usage(): string {
  return `Usage: cox up [flags]\n\nStarts a cluster on this machine, applies manifests and waits for their Pods.\n\n${describeFlags(definitions)}`
}

export async function run(args: readonly string[]): Promise<number> {
  const flags = parseOnlyFlags(args, definitions)
  validateServerFlags(flags)
  if (flags.timeout !== undefined && flags.timeout < 1)
    throw new UsageError(`invalid argument "${flags.timeout}" for "--timeout": must be 1 or more`)
  const objects = await readManifests(flags.filename ?? [])
  requireRoot()
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  const kubeconfig = resolve(flags.kubeconfig ?? defaultKubeconfig(process.env['KUBECONFIG'], homedir()))
  // What is wrong with it is better said before anything is started.
  await readKubeconfig(kubeconfig)
  using starting = await lockStart(folder)
  await installMissing(flags)
  await makeDataFolder(folder)
  const start = { folder, kubeconfig, objects, flags, starting }
  // Awaited: the lock is held until then.
  return await (flags.detach === true ? runDetached(start) : runInForeground(start))
}

interface Start {
  folder: ClusterFolder
  kubeconfig: string
  objects: KubeObject[]
  flags: UpFlags
  /** Given back when the cluster is ready. */
  starting: Disposable
}

async function installMissing(flags: UpFlags): Promise<void> {
  const missing = missingPackages()
  if (missing.length === 0) return
  if (flags['no-install'] === true) {
    throw new Error(`this machine lacks the Debian packages ${missing.join(', ')}; install them, or leave --no-install out`)
  }
  const clock = new RealClock()
  const started = clock.monotonicMs()
  printNotice(`installing Debian packages: ${missing.join(' ')}`)
  await installPackages(missing, new AbortController().signal)
  printStep({ what: 'packages installed', tookMs: clock.monotonicMs() - started })
}

async function runInForeground({ folder, kubeconfig, objects, flags, starting }: Start): Promise<number> {
  if ((await queryControlStatus(folder.controlSocket)) !== undefined) {
    throw new Error(`a cluster already runs in "${folder.data}"; stop it with "cox down", or use --detach to apply files to it`)
  }
  await using server = await runServer({ folder, kubeconfig, flags, logLevel: 'warn', onStep: printStep, onNotice: printNotice }).catch(
    exitWhenStoppedEarly,
  )
  starting[Symbol.dispose]()
  const stop = new AbortController()
  const stopping = server.stopped.then(() => stop.abort(new Error('stopped before the Pods were ready')))
  if (objects.length > 0) await applyAndShow(folder, objects, flags, stop.signal)
  process.stdout.write('\nThe cluster runs until Ctrl-C; its Pods go on after that. "cox down --delete" removes it.\n')
  await stopping
  return 0
}

function exitWhenStoppedEarly(error: unknown): never {
  if (!(error instanceof StoppedEarly)) throw error
  process.stderr.write(`cox up: ${error.message}\n`)
  process.exit(1)
}

async function runDetached({ folder, kubeconfig, objects, flags, starting }: Start): Promise<number> {
  // One that is starting, as after a crash, is waited for.
  if ((await untilControlReady(folder.controlSocket)) === undefined) {
    // A supervisor whose server does not get ready would compete with ours.
    await stopServer(folder)
    const passed = Object.keys(serverFlags).flatMap(name => {
      const value = flags[name as keyof typeof serverFlags]
      return value === undefined ? [] : [`--${name}=${value}`]
    })
    await relayProgress(startSupervisor(folder, ['--kubeconfig', kubeconfig, ...passed]), folder)
  } else {
    await joinRunning({ folder, kubeconfig, flags })
    process.stdout.write(`the cluster in "${folder.data}" runs already\n`)
  }
  starting[Symbol.dispose]()
  if (objects.length > 0) await applyAndShow(folder, objects, flags, new AbortController().signal)
  return 0
}

/** Shows what the background process does until it says that it is ready. */
async function relayProgress(progress: NodeJS.ReadableStream, folder: ClusterFolder): Promise<void> {
  for await (const line of createInterface({ input: progress })) {
    const message = JSON.parse(line) as ProgressMessage
    switch (message.type) {
      case 'step':
        printStep(message)
        break
      case 'notice':
        printNotice(message.text)
        break
      case 'failed':
        throw new Error(message.text)
      case 'ready':
        ;(progress as unknown as { destroy(): void }).destroy()
        return
    }
  }
  throw new Error(`the cluster process ended while it started; its log is "${folder.log}"`)
}

/** What a server that starts in the background tells, one JSON value a line. */
export type ProgressMessage =
  | { type: 'step'; what: string; tookMs: number }
  | { type: 'notice'; text: string }
  | { type: 'failed'; text: string }
  | { type: 'ready' }

async function applyAndShow(folder: ClusterFolder, objects: KubeObject[], flags: UpFlags, stop: AbortSignal): Promise<void> {
  const clock = new RealClock()
  using admin = await adminClient(folder.adminKubeconfig)
  const { client, transport, mapper } = admin
  const started = clock.monotonicMs()
  const deadline = new AbortController()
  const seconds = flags.timeout ?? defaultTimeoutSeconds
  const waitedFor = new Set<Pod>()
  using _timer = clock.after(seconds * 1_000, () => deadline.abort(newNotReadyError([...waitedFor], seconds)))
  const signal = AbortSignal.any([stop, deadline.signal])
  const pods: Pod[] = []
  for (const given of objects) {
    const { object, outcome } = await applyNamed({ client, mapper }, given, signal)
    process.stdout.write(`${object.kind.toLowerCase()}/${object.metadata.name} ${outcome}\n`)
    if (object.kind === 'Pod' && object.apiVersion === 'v1') pods.push(object as Pod)
  }
  await Promise.all(
    pods.map(async pod => {
      waitedFor.add(pod)
      await untilPodReady(client, pod, signal)
      waitedFor.delete(pod)
    }),
  )
  if (pods.length > 0) printStep({ what: `${pods.map(keyOf).join(', ')} ready`, tookMs: clock.monotonicMs() - started })
  const namespaces = new Set(pods.map(({ metadata }) => metadata.namespace!))
  for (const namespace of namespaces) {
    process.stdout.write(`\n${await wideTable(transport, { path: `/api/v1/namespaces/${namespace}/pods` }, signal)}`)
  }
}

interface ApplyServices {
  client: Client
  mapper: RESTMapper
}

/** @throws Error that names the object */
async function applyNamed({ client, mapper }: ApplyServices, object: KubeObject, signal: AbortSignal): ReturnType<typeof applyObject> {
  try {
    return await applyObject(client, await withNamespace(object, mapper, signal), signal)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw new Error(`cannot apply ${object.kind.toLowerCase()}/${object.metadata.name}`, { cause: error })
  }
}

/** Says which Pods are missing, and how to learn more about the first. */
function newNotReadyError(pods: readonly Pod[], seconds: number): Error {
  const [first] = pods
  if (first === undefined) return new Error(`the manifests were not applied within ${seconds} s`)
  const { name, namespace } = first.metadata
  const describe = `kubectl describe pod ${name}${namespace === 'default' ? '' : ` -n ${namespace}`}`
  return new Error(`not ready within ${seconds} s: ${pods.map(keyOf).join(', ')}; "${describe}" tells why`)
}

/** Objects of namespaced kinds that name no namespace go to `default`. */
async function withNamespace(object: KubeObject, mapper: RESTMapper, signal: AbortSignal): Promise<KubeObject> {
  const { namespaced } = await mapper.mappingOf(object, signal)
  return namespaced && object.metadata.namespace === undefined
    ? { ...object, metadata: { ...object.metadata, namespace: 'default' } }
    : object
}
