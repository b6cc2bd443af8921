import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, watch, writeFileSync } from 'node:fs'
import { mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { keepAlive } from '#base/keep-alive.ts'
import type { Logger } from '#base/log.ts'
import { findProgram, programFolders } from '#base/process.ts'
import { identifyProcess, isRunning, type ProcessIdentity } from '#base/process-identity.ts'
import { isUnimplemented } from '#cri/error.ts'
import { connectRuntime } from '#cri/remote/connect.ts'
import { containerdConfig } from './config.ts'
import { canLowerOOMScore, hasAppArmor } from './machine.ts'
import type { SandboxNetwork } from './leaks.ts'
import { type ContainerdFolders, type ContainerdPaths, containerdPaths } from './paths.ts'
import { Forgotten, type RecoveryOptions } from './recovery.ts'
import { everyHost, setRegistryMirror } from './registry-hosts.ts'
import { findContainerd, untilExit, untilGone } from './running.ts'
import { containerdVersion } from './version.ts'

export interface ContainerdOptions extends ContainerdFolders {
  clock: Clock
  logger: Logger
  /** Name of the image that sandboxes are made of; must be there (or be pullable) when the first pod starts. */
  sandboxImage: string
  /** Folder of the CNI plugins and folder of the network configuration. */
  cni: { binFolder: string; confFolder: string }
  /** What sandboxes have of the pod network, to give back what a killed containerd has forgotten. */
  network?: SandboxNetwork
  /** Takes every pull of every registry, and nothing else is asked then; null takes it away, left out it stays as it is. */
  mirrorURL?: string | null
  /** Name or path of the programs; `containerd` and `runc` when missing. */
  programs?: { containerd?: string; runc?: string }
  /** Environment of containerd beside PATH, such as proxy settings. */
  env?: Record<string, string>
}

export interface ContainerdHandle extends Disposable {
  socketPath: string
  version: string
  pid: number
  /** Whether it ran already. */
  adopted: boolean
  /** Resolves when this containerd has ended, for whatever reason. Its pods go on; `ensureContainerd` brings it back. Never rejects. */
  exited: Promise<void>
}

const readyMsMax = 20_000
const stopMsMax = 10_000
const firstRetryMs = 1
const retryMsMax = 16
const logBytesMax = 16 * 1024 * 1024
const logTailBytes = 2_000

/**
 * Makes sure that the cluster's own containerd runs with the configuration wanted, and answers. It outlives our process and is taken
 * over by the next call; when the configuration changed it is restarted, which its pods do not notice. Disposing the handle only
 * stops watching it.
 */
export async function ensureContainerd(options: ContainerdOptions, signal: AbortSignal): Promise<ContainerdHandle> {
  using _ = keepAlive()
  const paths = containerdPaths(options)
  const program = requireProgram(options.programs?.containerd ?? 'containerd')
  await Promise.all([
    mkdir(options.dataFolder, { recursive: true, mode: 0o700 }),
    mkdir(options.runFolder, { recursive: true, mode: 0o711 }),
  ])
  const [version, running, configBefore] = await Promise.all([
    containerdVersion({ program, cacheFile: paths.versionCache }, signal),
    findContainerd(paths),
    readFile(paths.config, 'utf8').catch(() => ''),
    options.mirrorURL !== undefined &&
      setRegistryMirror({ folder: paths.registries, host: everyHost, mirrorURL: options.mirrorURL ?? undefined }),
  ])
  const config = configText(options, paths, version)
  if (running !== undefined && config === configBefore) {
    try {
      await untilReady(running, paths, options.clock, signal)
      const forgotten = await Forgotten.underContainerd(recovery(options, paths))
      return watched({ identity: running, version, adopted: true, forgotten }, paths, options.clock)
    } catch (error) {
      signal.throwIfAborted()
      options.logger.warn('containerd does not answer: starting it again', { pid: running.pid, error })
    }
  }
  if (running !== undefined) await endProcess(running, options.clock, signal)
  await writeFile(paths.config, config)
  const forgotten = await Forgotten.beforeStart(recovery(options, paths), signal)
  const identity = await start(program, options, paths, signal)
  await forgotten?.remove(signal)
  return watched({ identity, version, adopted: false, forgotten: undefined }, paths, options.clock)
}

/** Ends containerd. Its pods run on, and are there again after the next `ensureContainerd`. Idempotent. */
export async function stopContainerd(options: ContainerdFolders & { clock: Clock }, signal: AbortSignal): Promise<void> {
  using _ = keepAlive()
  const paths = containerdPaths(options)
  const running = await findContainerd(paths)
  if (running !== undefined) await endProcess(running, options.clock, signal)
  await Promise.all([paths.pidFile, paths.socket, `${paths.socket}.ttrpc`].map(path => rm(path, { force: true })))
}

function recovery({ network, clock, logger, programs }: ContainerdOptions, paths: ContainerdPaths): RecoveryOptions {
  return { paths, runc: requireProgram(programs?.runc ?? 'runc'), network, clock, logger }
}

function configText(options: ContainerdOptions, paths: ContainerdPaths, version: string): string {
  return containerdConfig({
    version,
    rootFolder: paths.root,
    stateFolder: paths.state,
    socketPath: paths.socket,
    sandboxImage: options.sandboxImage,
    cni: options.cni,
    registryFolder: paths.registries,
    runtime: { path: requireProgram(options.programs?.runc ?? 'runc'), stateFolder: paths.runtimeState },
    restrictOOMScore: !canLowerOOMScore(),
    apparmor: hasAppArmor(),
  })
}

function requireProgram(name: string): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`cannot start containerd: there is no program "${name}"`)
  return path
}

async function start(program: string, options: ContainerdOptions, paths: ContainerdPaths, signal: AbortSignal): Promise<ProcessIdentity> {
  await rm(paths.socket, { force: true })
  await limitLog(paths.log)
  const log = openSync(paths.log, 'a', 0o600)
  const logStart = (await stat(paths.log)).size
  const socketThere = untilFile(paths.socket)
  let identity: ProcessIdentity | undefined
  try {
    const child = spawn(program, ['--config', paths.config], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log],
      // The shim of the same version lies beside the program.
      env: { ...options.env, PATH: [dirname(program), ...programFolders].join(':') },
    })
    const ended = new Promise<never>((_, reject) => {
      child.on('error', reject)
      child.on('exit', (code, killedBy) => reject(new Error(code === null ? `it was ended by ${killedBy}` : `exit code ${code}`)))
    })
    ended.catch(() => undefined)
    child.unref()
    identity = child.pid === undefined ? undefined : identifyProcess(child.pid)
    if (identity === undefined) return await ended
    writeFileSync(paths.pidFile, JSON.stringify(identity))
    const started = identity
    await Promise.race([socketThere.promise.then(() => untilReady(started, paths, options.clock, signal)), ended])
    return started
  } catch (cause) {
    if (identity !== undefined) sendSignal(identity, 'SIGKILL')
    signal.throwIfAborted()
    const lines = (await readFile(paths.log)).subarray(logStart).subarray(-logTailBytes).toString().trim()
    throw new Error(`cannot start containerd${lines === '' ? '' : `; its log (${paths.log}) ends with: ${lines}`}`, { cause })
  } finally {
    closeSync(log)
    socketThere.stop()
  }
}

/** Resolves when the file is there; told by the kernel, not by looking again and again. */
function untilFile(path: string): { promise: Promise<void>; stop: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const watcher = watch(dirname(path), (_, name) => {
    if (name === basename(path) && existsSync(path)) resolve()
  })
  watcher.on('error', reject)
  promise.catch(() => undefined)
  return { promise, stop: () => watcher.close() }
}

/** containerd listens before its CRI has looked at what runs; it says so by refusing calls, for some milliseconds. */
async function untilReady(identity: ProcessIdentity, paths: ContainerdPaths, clock: Clock, signal: AbortSignal): Promise<void> {
  const untilMs = clock.monotonicMs() + readyMsMax
  for (let retryMs = firstRetryMs; ; retryMs = Math.min(retryMs * 2, retryMsMax)) {
    using connection = connectRuntime({ socketPath: paths.socket, clock })
    try {
      await connection.runtime.version(signal)
      return
    } catch (error) {
      if (isUnimplemented(error)) throw new Error('its CRI plugin is missing', { cause: error })
      if (!isRunning(identity)) throw new Error('it has ended', { cause: error })
      if (clock.monotonicMs() > untilMs) throw new Error(`containerd did not answer within ${readyMsMax} ms`, { cause: error })
      await clock.sleep(retryMs, signal)
    }
  }
}

function watched(
  {
    identity,
    version,
    adopted,
    forgotten,
  }: { identity: ProcessIdentity; version: string; adopted: boolean; forgotten: Forgotten | undefined },
  paths: ContainerdPaths,
  clock: Clock,
): ContainerdHandle {
  const controller = new AbortController()
  const connection = connectRuntime({ socketPath: paths.socket, clock })
  const exited = new Promise<void>(resolve => {
    untilExit({ identity, transport: connection.transport, clock }, controller.signal).then(resolve, () => undefined)
  })
  forgotten?.removeSoon(controller.signal)
  return {
    socketPath: paths.socket,
    version,
    pid: identity.pid,
    adopted,
    exited,
    [Symbol.dispose]: () => {
      controller.abort(new Error('containerd is no longer watched'))
      connection[Symbol.dispose]()
    },
  }
}

async function endProcess(identity: ProcessIdentity, clock: Clock, signal: AbortSignal): Promise<void> {
  sendSignal(identity, 'SIGTERM')
  using _ = clock.after(stopMsMax, () => sendSignal(identity, 'SIGKILL'))
  await untilGone(identity, clock, signal)
}

function sendSignal({ pid }: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function limitLog(path: string): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }))
  if (size > logBytesMax) await truncate(path, 0)
}
