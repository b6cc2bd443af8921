import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { ensureStandIns } from './build-stand-ins.ts'
import { startOfflineRegistry } from './offline-registry.ts'
import { defaultHost } from './reference.ts'
import { type Reach, registryReachable } from './registry-reachable.ts'

/** Stand-in images are the same for every cluster of the machine. */
export const standInFolder = '/var/cache/coxswain/images'

const reachTimeoutMs = 1_000
/** The host that images without a registry in their name are pulled from. */
const defaultRegistry = defaultHost === 'docker.io' ? 'registry-1.docker.io' : defaultHost

export interface ImageSourceOptions {
  /** Use the stand-ins without asking whether a registry can be reached. */
  offline: boolean
  reach: Reach
  clock: Clock
  log: Logger
  onNotice(text: string): void
}

/** Where the node's images come from: the registries that names say, or, with `mirrorURL`, stand-ins on this machine. */
export interface ImageSource extends AsyncDisposable {
  mirrorURL?: string
}

/** Decides, and builds the stand-ins when they are needed and not there yet. */
export async function openImageSource(
  { offline, reach, clock, log, onNotice }: ImageSourceOptions,
  signal: AbortSignal,
): Promise<ImageSource> {
  const isReachable = !offline && (await registryReachable({ host: defaultRegistry, timeoutMs: reachTimeoutMs, clock, reach }, signal))
  if (isReachable) return { async [Symbol.asyncDispose]() {} }
  const { folder, images } = await ensureStandIns({ folder: standInFolder, architecture: process.arch }, signal)
  const registry = await startOfflineRegistry({ folders: [folder], logger: log })
  onNotice(`${offline ? 'offline' : 'no image registry can be reached'}: stand-ins built from Debian packages serve ${describe(images)}`)
  return { mirrorURL: registry.url, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() }
}

/** `nginx:1.14, nginx:1.16 (nginx 1.22 of Debian); …` */
function describe(images: readonly { name: string; description: string }[]): string {
  const byContent = new Map<string, string[]>()
  for (const { name, description } of images) {
    const short = name.replace(/^docker\.io\/library\//, '').replace(/:latest$/, '')
    byContent.set(description, [...(byContent.get(description) ?? []), short])
  }
  return [...byContent].map(([description, names]) => `${names.join(', ')} (${description})`).join('; ')
}
