import { parseCIDR } from '#base/cidr.ts'
import { RealClock } from '#base/clock.ts'
import { SystemRandom } from '#base/random.ts'
import type { ClusterFolder } from '#cluster/cluster-folder.ts'
import { lockServer } from '#cluster/cluster-locks.ts'
import { ControlSocket } from '#cluster/control-socket.ts'
import { parseDuration } from '#cluster/duration.ts'
import { startMachineCluster } from '#cluster/machine-cluster.ts'
import { type FlagDefinitions, type Flags, UsageError } from './flags.ts'
import { type LogLevel, openLog } from './log.ts'
import type { Step } from './progress.ts'
import { collectGarbageAtRest } from './rest-collector.ts'

/** Flags of `cox up` that the background process takes, too. */
export const serverFlags = {
  'api-port': { type: 'number', placeholder: 'N', description: 'Port of the API server (default 6443, or a free one)' },
  'node-name': { type: 'string', placeholder: 'NAME', description: "Name of this machine's node (default its host name)" },
  'pod-cidr': { type: 'string', placeholder: 'CIDR', description: 'Range of all Pods (default 10.244.0.0/16, or a free one beside it)' },
  'service-cidr': { type: 'string', placeholder: 'CIDR', description: 'Range of Services (default 10.96.0.0/12)' },
  history: { type: 'string', placeholder: 'TIME', description: 'How long the past can be read, at the price of room on disk (default 5m)' },
  offline: {
    type: 'boolean',
    description: 'Stay on this machine: images are stand-ins built out of Debian packages, Pods reach nothing outside',
  },
} satisfies FlagDefinitions

export type ServerFlags = Flags<typeof serverFlags>

/** @throws UsageError */
export function validateServerFlags(flags: ServerFlags): void {
  for (const name of ['pod-cidr', 'service-cidr'] as const) {
    const value = flags[name]
    if (value === undefined) continue
    if (!value.includes('/') || parseCIDR(value) === undefined) {
      throw new UsageError(`invalid argument "${value}" for "--${name}": must be an IPv4 range such as 10.244.0.0/16`)
    }
  }
  if (flags.history !== undefined) {
    try {
      parseDuration(flags.history)
    } catch {
      throw new UsageError(`invalid argument "${flags.history}" for "--history": must be a time such as 5m or 2h`)
    }
  }
  const port = flags['api-port']
  if (port !== undefined && (port < 1 || port > 65_535))
    throw new UsageError(`invalid argument "${port}" for "--api-port": must be 1 to 65535`)
  const node = flags['node-name']
  if (node !== undefined && !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(node)) {
    throw new UsageError(`invalid argument "${node}" for "--node-name": must be a lower-case DNS name`)
  }
}

export interface ServerOptions {
  folder: ClusterFolder
  kubeconfig: string
  flags: ServerFlags
  logLevel: LogLevel
  onStep(step: Step): void
  onNotice(text: string): void
}

export interface RunningServer extends AsyncDisposable {
  /** Resolves when somebody asked the process to stop: a signal, or `cox down`. */
  stopped: Promise<void>
}

/** Somebody asked the process to stop before the cluster was ready. What has started by then ends with the process only. */
export class StoppedEarly extends Error {
  override readonly name = 'StoppedEarly'
}

/** Starts the cluster of this machine in this process; it is ready when this resolves. @throws StoppedEarly */
export async function runServer({ folder, kubeconfig, flags, logLevel, onStep, onNotice }: ServerOptions): Promise<RunningServer> {
  const clock = new RealClock()
  const log = openLog({ level: logLevel })
  const stop = Promise.withResolvers<void>()
  const onSignal = () => stop.resolve()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal)
  // Before anything is touched: two processes must not work on one folder.
  const owned = new DisposableStack()
  owned.use(await lockServer(folder))
  // Next: `cox down` must find a server that is still starting, or that never gets ready, too.
  const control = owned.use(
    await ControlSocket.open(folder.controlSocket, { pid: process.pid, startedAtMs: clock.now(), onStop: onSignal }),
  )
  const starting = startMachineCluster({
    folder,
    kubeconfig,
    apiPort: flags['api-port'],
    nodeName: flags['node-name'],
    podCIDR: flags['pod-cidr'],
    serviceCIDR: flags['service-cidr'],
    history: flags.history,
    offline: flags.offline ?? false,
    clock,
    random: new SystemRandom(),
    log,
    onStep,
    onNotice,
  })
  const stoppedEarly = stop.promise.then(() => {
    throw new StoppedEarly('stopped while it was starting')
  })
  const cluster = await Promise.race([starting, stoppedEarly]).catch(error => {
    if (!(error instanceof StoppedEarly)) owned.dispose()
    throw error
  })
  stoppedEarly.catch(() => undefined)
  control.setReady()
  owned.use(collectGarbageAtRest(clock))
  return {
    stopped: stop.promise,
    async [Symbol.asyncDispose]() {
      // A second signal ends the process at once: that is safe, starting is recovering.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal)
      await cluster[Symbol.asyncDispose]()
      owned.dispose()
    },
  }
}
