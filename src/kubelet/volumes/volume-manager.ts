import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ConfigMap, Pod, Secret, Volume } from '#api/core/v1/types.gen.ts'
import type { Clock, Due, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { SmallMap } from '#base/small-map.ts'
import { because } from '#client/cause.ts'
import type { Client } from '#client/client.ts'
import type { FieldFacts } from '../container/field-ref.ts'
import type { HostFiles } from '../host/host-files.ts'
import { setUpEmptyDir } from './empty-dir.ts'
import { setUpHostPath } from './host-path.ts'
import { setUpConfigMap, setUpDownwardAPI, setUpProjected, setUpSecret } from './object-volumes.ts'
import type { KubeletSources } from '../sources.ts'
import { ReferencedObjects, type ReferencesState } from './referenced-objects.ts'
import { TokenManager, type TokensState } from './token-manager.ts'
import { type MountedVolume, referencedObjects, type SetUpVolume, type VolumeContext } from './volume-plugin.ts'

export interface VolumeManagerOptions {
  client: Client
  sources: Pick<KubeletSources, 'configMap' | 'secret'>
  clock: Clock
  random: Random
  log: Logger
  files: HostFiles
  rootDirectory: string
  /** Facts for downward API files; the pod's IPs are known late. */
  factsOf: (pod: Pod) => FieldFacts
  /** An object that the pod's variables may use appeared or changed. */
  onObjectChange: (uid: string) => void
  signal: AbortSignal
}

/** Volumes that could not be set up, each with its reason. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError'
  readonly failures: readonly { volume: string; cause: unknown }[]

  constructor(failures: readonly { volume: string; cause: unknown }[]) {
    super(failures.map(({ volume, cause }) => `MountVolume.SetUp failed for volume "${volume}" : ${messageOf(cause)}`).join(', '))
    this.failures = failures
  }
}

/** What could not be refreshed is tried again so late. */
const refreshRetryMs = 1_000

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

const plugins: Partial<Record<keyof Volume, SetUpVolume>> = {
  emptyDir: setUpEmptyDir,
  hostPath: setUpHostPath,
  configMap: setUpConfigMap,
  secret: setUpSecret,
  downwardAPI: setUpDownwardAPI,
  projected: setUpProjected,
}

interface PodVolumes {
  pod: Pod
  readonly mounted: SmallMap<string, MountedVolume>
  /** When something that the volumes show expires. Undefined while it is made anew. */
  refreshAtMs: number | undefined
  /** The last set-up that was begun and is not over; the next waits for it. */
  settingUp: Promise<void> | undefined
}

/** What is mounted, by pod UID, what it is made of, and what the pods refer to. */
export interface VolumesState {
  pods: ReadonlyMap<string, Omit<PodVolumes, 'settingUp'>>
  refresh: { atMs: number; due: Due } | undefined
  tokens: TokensState
  isMemoryMounted: boolean
  configMaps: ReferencesState
  secrets: ReferencesState
}

/** Sets up the volumes of the node's pods, keeps those that show API objects up to date, and removes them. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions
  readonly #configMaps: ReferencedObjects<ConfigMap>
  readonly #secrets: ReferencedObjects<Secret>
  readonly #tokens: TokenManager
  readonly #pods = new SmallMap<string, PodVolumes>()
  /** One timer for all pods: when the first of them is refreshed. */
  #refreshing: { atMs: number; timer: Timer } | undefined
  #memory: Promise<void> | undefined

  /** @param state of a manager that this one takes the place of */
  constructor(options: VolumeManagerOptions, state?: VolumesState) {
    this.#options = options
    const refreshAll = (owners: ReadonlySet<string>) => {
      for (const uid of owners) {
        this.#refresh(uid)
        options.onObjectChange(uid)
      }
    }
    const { sources, clock, log } = options
    this.#configMaps = new ReferencedObjects(
      'ConfigMap',
      { sourceOf: (namespace, name) => sources.configMap(namespace, name), clock, log },
      refreshAll,
      state?.configMaps,
    )
    this.#secrets = new ReferencedObjects(
      'Secret',
      { sourceOf: (namespace, name) => sources.secret(namespace, name), clock, log },
      refreshAll,
      state?.secrets,
    )
    this.#tokens = new TokenManager(options, state?.tokens)
    if (state?.isMemoryMounted === true) this.#memory = Promise.resolve()
    options.signal.addEventListener('abort', () => this.#stop(), { once: true })
    for (const [uid, volumes] of state?.pods ?? []) this.#pods.set(uid, copyOf(volumes))
    if (state?.refresh !== undefined) {
      const { atMs, due } = state.refresh
      this.#refreshing = { atMs, timer: clock.at(due, () => this.#refreshDue()) }
    }
    // What was being set up there is set up again here.
    this.#planRefresh()
  }

  /** A copy. */
  get state(): VolumesState {
    return {
      pods: new Map([...this.#pods].map(([uid, volumes]) => [uid, this.#stateOf(volumes)])),
      refresh: this.#refreshing && { atMs: this.#refreshing.atMs, due: this.#refreshing.timer.due },
      tokens: this.#tokens.state,
      isMemoryMounted: this.#memory !== undefined,
      configMaps: this.#configMaps.state,
      secrets: this.#secrets.state,
    }
  }

  #stateOf(volumes: PodVolumes): PodVolumes {
    const copy = copyOf(volumes)
    if (volumes.settingUp !== undefined) copy.refreshAtMs = this.#options.clock.now()
    return copy
  }

  /** Begins to watch what the pod refers to. Cheap; called as soon as the pod is known. */
  register(pod: Pod): void {
    const { uid = '', namespace = '' } = pod.metadata
    const { configMaps, secrets } = referencedObjects(pod)
    this.#configMaps.refer(uid, namespace, configMaps)
    this.#secrets.refer(uid, namespace, secrets)
  }

  /** A ConfigMap that a registered pod refers to; undefined when there is none. */
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined> {
    return this.#configMaps.get(namespace, name, this.#options.signal)
  }

  secret(namespace: string, name: string): Promise<Secret | undefined> {
    return this.#secrets.get(namespace, name, this.#options.signal)
  }

  /** Sets up all volumes of the pod. @throws VolumeError */
  async mount(pod: Pod): Promise<void> {
    this.register(pod)
    const uid = pod.metadata.uid ?? ''
    const entry: PodVolumes = this.#pods.get(uid) ?? { pod, mounted: new SmallMap(), refreshAtMs: undefined, settingUp: undefined }
    entry.pod = pod
    this.#pods.set(uid, entry)
    await this.#setUpNext(entry)
  }

  /** Where a volume of a mounted pod lies on the node. */
  hostPath(uid: string, volume: string): string | undefined {
    return this.#pods.get(uid)?.mounted.get(volume)?.hostPath
  }

  /** The downward API files may show something new (labels, annotations). */
  update(pod: Pod): void {
    const entry = this.#pods.get(pod.metadata.uid ?? '')
    if (entry === undefined) return
    const { labels, annotations } = entry.pod.metadata
    entry.pod = pod
    if (!isDeepStrictEqual([labels, annotations], [pod.metadata.labels, pod.metadata.annotations])) this.#refresh(pod.metadata.uid ?? '')
  }

  /** Undoes `mount`, also what an earlier process of ours mounted. Idempotent. */
  async unmount(uid: string, signal: AbortSignal): Promise<void> {
    const { files, rootDirectory } = this.#options
    const entry = this.#pods.get(uid)
    this.#pods.delete(uid)
    this.#planRefresh()
    await entry?.settingUp?.catch(() => {})
    this.#configMaps.release(uid)
    this.#secrets.release(uid)
    this.#tokens.forget(uid)
    const folder = join(rootDirectory, 'pods', uid)
    await files.unmountBelow(folder, signal)
    await Promise.all([files.remove(join(folder, 'volumes')), files.remove(join(rootDirectory, 'memory', uid))])
  }

  async #setUp(entry: PodVolumes): Promise<void> {
    const failures: { volume: string; cause: unknown }[] = []
    await Promise.all(
      (entry.pod.spec.volumes ?? []).map(async volume => {
        try {
          entry.mounted.set(volume.name, await this.#setUpVolume(entry.pod, volume))
        } catch (cause) {
          failures.push({ volume: volume.name, cause })
        }
      }),
    )
    this.#scheduleRefresh(entry)
    if (failures.length > 0) throw new VolumeError(failures)
  }

  async #setUpVolume(pod: Pod, volume: Volume): Promise<MountedVolume> {
    const source = (Object.keys(volume) as (keyof Volume)[]).find(key => key !== 'name' && volume[key] !== undefined) ?? 'emptyDir'
    const setUp = plugins[source]
    if (setUp === undefined) throw new Error(`volumes of type ${source} are not supported on this node`)
    return setUp(volume, await this.#contextOf(pod, volume))
  }

  async #contextOf(pod: Pod, volume: Volume): Promise<VolumeContext> {
    const { files, clock, random, rootDirectory, factsOf, signal } = this.#options
    const { uid = '', namespace = '' } = pod.metadata
    if (volume.secret !== undefined || volume.projected !== undefined) await this.#prepareMemory()
    return {
      pod,
      files,
      clock,
      random,
      facts: factsOf(pod),
      folder: (plugin, medium) =>
        medium === 'memory'
          ? join(rootDirectory, 'memory', uid, plugin, volume.name)
          : join(rootDirectory, 'pods', uid, 'volumes', plugin, volume.name),
      configMap: name => this.configMap(namespace, name),
      secret: name => this.secret(namespace, name),
      token: request => this.#tokens.get(pod, request, signal),
      signal,
    }
  }

  /** Secrets never touch the disk. One tmpfs for all pods: a mount for each volume would cost each pod start a process. */
  #prepareMemory(): Promise<void> {
    this.#memory ??= this.#mountMemory().catch(error => {
      this.#memory = undefined
      throw error
    })
    return this.#memory
  }

  async #mountMemory(): Promise<void> {
    const { files, rootDirectory, signal } = this.#options
    const folder = join(rootDirectory, 'memory')
    await files.makeDirectory(folder, 0o750)
    if (!(await files.isMountPoint(folder))) await files.mountTmpfs(folder, {}, signal)
  }

  #scheduleRefresh(entry: PodVolumes): void {
    // Unmounted, or stopped, while it was set up.
    if (!this.#isMounted(entry)) return
    const expiryMs = earliestRefresh(entry.mounted.values())
    entry.refreshAtMs = expiryMs && Math.max(this.#options.clock.now() + refreshRetryMs, expiryMs)
    this.#planRefresh()
  }

  #planRefresh(): void {
    const { clock } = this.#options
    const atMs = earliestRefresh(this.#pods.values())
    if (atMs === this.#refreshing?.atMs) return
    this.#refreshing?.timer.cancel()
    this.#refreshing = atMs === undefined ? undefined : { atMs, timer: clock.after(atMs - clock.now(), () => this.#refreshDue()) }
  }

  #refreshDue(): void {
    const dueMs = this.#refreshing?.atMs ?? 0
    this.#refreshing = undefined
    for (const [uid, entry] of this.#pods) {
      if (entry.refreshAtMs === undefined || entry.refreshAtMs > dueMs) continue
      entry.refreshAtMs = undefined
      because({ reason: 'a token in its volumes is to be renewed' }, () => this.#refresh(uid))
    }
    this.#planRefresh()
  }

  /** Sets up again what is mounted; an atomic volume that did not change stays as it is. */
  #refresh(uid: string): void {
    const entry = this.#pods.get(uid)
    if (entry === undefined || entry.mounted.size === 0) return
    this.#setUpNext(entry).catch(error => this.#options.log.warn('cannot refresh volumes', { pod: uid, error }))
  }

  /** One set-up of a pod after the other: each leaves the volumes whole. */
  async #setUpNext(entry: PodVolumes): Promise<void> {
    const own = this.#setUpAfter(entry.settingUp, entry)
    entry.settingUp = own
    try {
      await own
    } finally {
      if (entry.settingUp === own) entry.settingUp = undefined
    }
  }

  async #setUpAfter(before: Promise<void> | undefined, entry: PodVolumes): Promise<void> {
    await before?.catch(() => {})
    if (this.#isMounted(entry)) await this.#setUp(entry)
  }

  #isMounted(entry: PodVolumes): boolean {
    return this.#pods.get(entry.pod.metadata.uid ?? '') === entry
  }

  #stop(): void {
    this.#pods.clear()
    this.#planRefresh()
    this.#configMaps.stop()
    this.#secrets.stop()
  }
}

function copyOf({ pod, mounted, refreshAtMs }: Omit<PodVolumes, 'settingUp'>): PodVolumes {
  return { pod, mounted: new SmallMap(mounted), refreshAtMs, settingUp: undefined }
}

function earliestRefresh(shown: Iterable<{ refreshAtMs?: number | undefined }>): number | undefined {
  let first: number | undefined
  for (const { refreshAtMs } of shown) if (refreshAtMs !== undefined && (first === undefined || refreshAtMs < first)) first = refreshAtMs
  return first
}
