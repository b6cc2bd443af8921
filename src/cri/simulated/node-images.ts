import { CopyOnWriteMap } from '#base/copy-on-write-map.ts'
import type { ImageService } from '../cri.ts'
import { CRIError } from '../error.ts'
import type { Image } from '../gen/runtime.gen.ts'
import type { SimulatedEnvironment } from './environment.ts'
import { formatImageReference, type ImageReference, parseImageReference } from './image-reference.ts'
import { notFound, type RegistryImage, unauthorized, unreachable } from './images.ts'

type PullRequest = Parameters<ImageService['pullImage']>[0]
type Auth = NonNullable<PullRequest['auth']>

export interface PresentImage {
  readonly image: RegistryImage
  readonly tags: readonly string[]
}

/** Images that a node has pulled. */
export class NodeImages {
  readonly #environment: SimulatedEnvironment
  /** By ID. */
  readonly #present: CopyOnWriteMap<string, PresentImage>
  /** The list of all as it was asked for last; undefined after a change. */
  #listed: Image[] | undefined

  /** @param state of a node whose place is taken */
  constructor(environment: SimulatedEnvironment, state?: CopyOnWriteMap<string, PresentImage>) {
    this.#environment = environment
    this.#present = state?.copy() ?? new CopyOnWriteMap()
  }

  /** Bytes of all images. */
  get sizeBytes(): number {
    let sum = 0
    for (const { image } of this.#present.values()) sum += image.sizeBytes
    return sum
  }

  /** What would be pulled, when this is allowed. @throws CRIError */
  admitPull(name: string): { image: RegistryImage; reference: ImageReference; pullMs: number } {
    const reference = parseImageReference(name)
    if (reference === undefined) throw new CRIError('Unknown', `failed to parse image reference "${name}": invalid reference format`)
    const image = this.#environment.images.resolve(reference)
    return { image, reference, pullMs: image.options.pullMs ?? this.#environment.images.pullMs }
  }

  /** The end of a pull: the registry's answer. @throws CRIError */
  finishPull(image: RegistryImage, reference: ImageReference, auth: Auth | undefined): void {
    const full = formatImageReference(reference)
    const { credentials } = image.options
    const pullError = this.#environment.images.pullFault(reference) ?? image.options.pullError
    if (pullError === 'not found') throw notFound(full)
    if (pullError === 'unauthorized') throw unauthorized(full)
    if (pullError === 'unreachable') throw unreachable(full)
    if (pullError !== undefined) throw pullError
    if (credentials !== undefined && !fits(auth, credentials)) throw unauthorized(full)
    this.add(image, reference)
  }

  /** The image is on the node from now on, without a pull. */
  add(image: RegistryImage, reference: ImageReference): void {
    const tag = reference.tag === undefined ? undefined : `${reference.repository}:${reference.tag}`
    // A tag stands for one image: the newest that was pulled by it.
    if (tag !== undefined) this.#untag(tag, image.id)
    const tags = this.#present.get(image.id)?.tags ?? []
    this.#present.set(image.id, { image, tags: tag === undefined || tags.includes(tag) ? tags : [...tags, tag] })
    this.#listed = undefined
  }

  /** By ID, name, or name with digest. */
  find(name: string): PresentImage | undefined {
    const byID = this.#present.get(name) ?? this.#present.get(`sha256:${name}`)
    if (byID !== undefined) return byID
    const reference = parseImageReference(name)
    if (reference === undefined) return undefined
    const { repository, tag, digest } = reference
    for (const present of this.#present.values()) {
      if (digest === undefined ? present.tags.includes(`${repository}:${tag}`) : matchesDigest(present.image, repository, digest))
        return present
    }
    return undefined
  }

  remove(name: string): void {
    const found = this.find(name)
    if (found === undefined) return
    this.#present.delete(found.image.id)
    this.#listed = undefined
  }

  /** Shared: never change it. */
  list(name: string): Image[] {
    if (name === '') return (this.#listed ??= [...this.#present.values()].map(toImage))
    const found = this.find(name)
    return found === undefined ? [] : [toImage(found)]
  }

  /** A copy of what is here, by ID. */
  get state(): CopyOnWriteMap<string, PresentImage> {
    return this.#present.copy()
  }

  #untag(tag: string, exceptID: string): void {
    for (const [id, { image, tags }] of this.#present)
      if (id !== exceptID && tags.includes(tag)) this.#present.set(id, { image, tags: tags.filter(each => each !== tag) })
  }
}

/** Names under which containers of the image show it. */
export function imageNames({ image, tags }: PresentImage): { tag: string; digest: string } {
  return { tag: tags[0] ?? image.id, digest: digestName(image) }
}

export function toImage({ image, tags }: PresentImage): Image {
  const { user } = image.options
  return {
    $typeName: 'runtime.v1.Image',
    id: image.id,
    repoTags: [...tags],
    repoDigests: [digestName(image)],
    size: BigInt(image.sizeBytes),
    ...(typeof user === 'number' && { uid: { $typeName: 'runtime.v1.Int64Value', value: BigInt(user) } }),
    ...(user === undefined && { uid: { $typeName: 'runtime.v1.Int64Value', value: 0n } }),
    username: typeof user === 'string' ? user : '',
    spec: { $typeName: 'runtime.v1.ImageSpec', image: '', annotations: {}, userSpecifiedImage: '', runtimeHandler: '', imageRef: '' },
    pinned: false,
  }
}

function digestName({ repository, digest }: RegistryImage): string {
  return `${repository}@${digest}`
}

function matchesDigest(image: RegistryImage, repository: string, digest: string): boolean {
  return image.repository === repository && image.digest === digest
}

function fits(auth: Auth | undefined, { username, password }: { username: string; password: string }): boolean {
  if (auth === undefined) return false
  if ((auth.auth ?? '') !== '') return Buffer.from(auth.auth!, 'base64').toString() === `${username}:${password}`
  return auth.username === username && auth.password === password
}
