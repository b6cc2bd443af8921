import { createHash } from 'node:crypto'
import { type Fault, FaultRules, type Occurrences } from '#base/fault-rules.ts'
import { CRIError } from '../error.ts'
import { busybox } from './busybox.ts'
import { checkImage, requirePullError } from './check-image.ts'
import type { ImageFunction, ImageOptions, ImageScript, PullError, SimulatedImage } from './image.ts'
import { ImageListener } from './image-listener.ts'
import { formatImageReference, type ImageReference, parseImageReference } from './image-reference.ts'
import { amountOf } from './quantity.ts'

/** An image as every node sees it. */
export interface RegistryImage {
  /** `sha256:…`, of the configuration: what containers are made of. */
  readonly id: string
  /** `docker.io/library/nginx`. */
  readonly repository: string
  /** Of the manifest. */
  readonly digest: string
  readonly sizeBytes: number
  readonly script: ImageScript
  /** The program, when it is a function. */
  readonly run: ImageFunction | undefined
  /** Who answers on the ports of its containers; undefined when that is the program's own business. */
  readonly listener: ImageListener | undefined
  /** Amounts of the script, read once. */
  readonly cores: number
  readonly memoryBytes: number
  readonly options: ImageOptions
}

export interface SimulatedImagesOptions {
  /** What a name that nobody defined is: a well-behaved image, or an error of the pull. Default `run`. */
  unknown?: 'run' | 'not found'
  /** Of images that do not say it. Default 0. */
  pullMs?: number
}

const defaultSizeBytes = 20_000_000
const defaultCores = 0.001
const defaultMemoryBytes = 8 * 2 ** 20
/** Of images that are functions, or that nobody defined. */
export const emptyScript: ImageScript = {}

/** The one registry that all nodes pull from. */
export class SimulatedImages {
  readonly #images = new Map<string, RegistryImage>()
  readonly #options: SimulatedImagesOptions
  readonly #pullFaults = new FaultRules<ImageReference, PullError>()

  constructor(options: SimulatedImagesOptions = {}) {
    this.#options = options
    this.define('busybox', busybox, { sizeBytes: 4_000_000 })
  }

  get pullMs(): number {
    return this.#options.pullMs ?? 0
  }

  /**
   * Says what a name stands for. Containers that exist keep what they were made of; nodes that have the image see it with the next pull.
   * A name without tag stands for all tags that have no definition of their own. @throws Error for a name or script that makes no sense
   */
  define(name: string, image: SimulatedImage, options: ImageOptions = {}): void {
    const reference = parseImageReference(name)
    if (reference === undefined) throw new Error(`"${name}" is no name of an image`)
    const key = keyOf(name, reference)
    this.#images.set(key, registryImage(key, reference.repository, image, options))
  }

  /** Pulls fail, whatever the image is. A name without tag means all tags. @throws Error for what is no name */
  failPulls(name: string, error: PullError, occurrences: Occurrences = {}): Fault {
    const reference = parseImageReference(name)
    if (reference === undefined) throw new Error(`"${name}" is no name of an image`)
    requirePullError('the error of a pull', error)
    const key = keyOf(name, reference)
    return this.#pullFaults.add(pulled => key === pulled.repository || key === formatImageReference(pulled), error, occurrences)
  }

  /** See `FaultRules.find`. */
  findFault(fault: Fault): Fault | undefined {
    return this.#pullFaults.find(fault)
  }

  clearFaults(): void {
    this.#pullFaults.clear()
  }

  /** Counts a pull. @returns why it fails; undefined when nothing was ordered */
  pullFault(reference: ImageReference): PullError | undefined {
    return this.#pullFaults.due(reference)[0]
  }

  /** Takes a definition back. @returns whether there was one */
  forget(name: string): boolean {
    const reference = parseImageReference(name)
    if (reference === undefined) return false
    return this.#images.delete(formatImageReference(reference)) || this.#images.delete(reference.repository)
  }

  /** What a pull of that name brings. @throws CRIError as the registry would */
  resolve(reference: ImageReference): RegistryImage {
    const full = formatImageReference(reference)
    const found = this.#images.get(full) ?? this.#byDigest(reference) ?? this.#images.get(reference.repository)
    if (found !== undefined) return found
    if (this.#options.unknown === 'not found') throw notFound(full)
    const unknown = registryImage(
      full,
      reference.repository,
      emptyScript,
      reference.digest === undefined ? {} : { digest: reference.digest },
    )
    this.#images.set(full, unknown)
    return unknown
  }

  /** A registry with the same images, which then goes its own way. */
  copy(): SimulatedImages {
    const copy = new SimulatedImages(this.#options)
    copy.replace(this)
    return copy
  }

  /** Takes over what another one has; nothing else stays. */
  replace(other: SimulatedImages): void {
    this.#images.clear()
    for (const [key, image] of other.#images) this.#images.set(key, image)
    this.#pullFaults.replace(other.#pullFaults)
  }

  #byDigest({ repository, digest }: ImageReference): RegistryImage | undefined {
    if (digest === undefined) return undefined
    for (const image of this.#images.values()) if (image.digest === digest && image.repository === repository) return image
    return undefined
  }
}

/** Without a tag the name stands for all of them. */
function keyOf(name: string, reference: ImageReference): string {
  const everyTag = !name.slice(name.lastIndexOf('/') + 1).includes(':') && reference.digest === undefined
  return everyTag ? reference.repository : formatImageReference(reference)
}

/** What containerd says when a registry has no such image. */
export function notFound(name: string): CRIError {
  return new CRIError('NotFound', `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`)
}

/** What containerd says when a registry does not let it in. */
export function unauthorized(name: string): CRIError {
  return new CRIError(
    'Unknown',
    `failed to pull and unpack image "${name}": failed to resolve reference "${name}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
  )
}

/** What containerd says when a registry does not answer. */
export function unreachable(name: string): CRIError {
  const registry = name.split('/', 1)[0]
  const request = `failed to do request: Head "https://${registry}/v2/": dial tcp: connect: connection refused`
  return new CRIError('Unavailable', `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${request}`)
}

function registryImage(key: string, repository: string, image: SimulatedImage, options: ImageOptions): RegistryImage {
  const script = typeof image === 'function' ? emptyScript : image
  checkImage(key, image, options)
  const digest = options.digest ?? sha256(`manifest of ${key}`)
  const run = typeof image === 'function' ? image : image.run
  return {
    id: sha256(`config of ${digest}`),
    repository,
    digest,
    sizeBytes: options.sizeBytes ?? defaultSizeBytes,
    script,
    run,
    listener: run === undefined || script.http !== undefined ? new ImageListener(script) : undefined,
    cores: amountOf(script.cpu ?? defaultCores),
    memoryBytes: amountOf(script.memory ?? defaultMemoryBytes),
    options,
  }
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}
