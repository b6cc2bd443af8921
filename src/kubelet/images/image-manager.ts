import { imageTag } from '#api/core/v1/image-name.ts'
import type { Container, Pod, Secret } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { EventType } from '#client/events/event-recorder.ts'
import type { ImageService, PodSandboxConfigInit } from '#cri/cri.ts'
import type { Image } from '#cri/gen/runtime.gen.ts'
import type { ImageUser } from '../container/security-context.ts'
import { limits } from '../limits.ts'
import { formatDuration } from '../pod/backoff.ts'
import { credentialsFor } from './credentials.ts'
import { applyDefaultImageTag } from './image-reference.ts'

/** The image of a container is not there. `reason` and `message` are what the container's status shows. */
export class ImageError extends Error {
  override readonly name = 'ImageError'
  readonly reason:
    | 'ErrImagePull'
    | 'InvalidImageName'
    | 'ErrImageNeverPull'
    | 'ImageInspectError'
    | 'RegistryUnavailable'
    | 'SignatureValidationFailed'

  constructor(reason: ImageError['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

export interface ImageManagerOptions {
  images: ImageService
  clock: Clock
}

/** An image on the node: what containers are created from, and the user that it names. */
export interface ReadyImage {
  ref: string
  user: ImageUser
}

function readyImage(ref: string, image: Image | undefined): ReadyImage {
  return { ref, user: { uid: image?.uid === undefined ? undefined : Number(image.uid.value), username: image?.username ?? '' } }
}

export interface EnsureImageRequest {
  pod: Pod
  container: Container
  pullSecrets: () => Promise<readonly Secret[]>
  sandboxConfig: PodSandboxConfigInit
  report: (type: EventType, reason: string, message: string) => void
}

/** Sees to it that the images of containers are on the node. */
export class ImageManager {
  readonly #options: ImageManagerOptions
  readonly #waiting: (() => void)[] = []
  #pulling = 0

  constructor(options: ImageManagerOptions) {
    this.#options = options
  }

  /** Resolves with what the container is to be created from, after a pull when the pull policy asks for one. @throws ImageError */
  async ensure(request: EnsureImageRequest, signal: AbortSignal): Promise<ReadyImage> {
    const { container, report } = request
    const name = container.image ?? ''
    const image = this.#completeName(name, report)
    const policy = container.imagePullPolicy ?? (imageTag(name) === 'latest' ? 'Always' : 'IfNotPresent')
    const present = policy === 'Always' ? undefined : await this.#inspect(image, name, report, signal)
    if (present !== undefined) {
      report('Normal', 'Pulled', `Container image "${name}" already present on machine and can be accessed by the pod`)
      return readyImage(present.id, present)
    }
    if (policy === 'Never') {
      const message = `Container image "${name}" is not present with pull policy of Never`
      report('Warning', 'ErrImageNeverPull', message)
      throw new ImageError('ErrImageNeverPull', message)
    }
    return this.#pull(image, name, request, signal)
  }

  /** The image's own user and size. */
  async inspect(reference: string, signal: AbortSignal): Promise<Image | undefined> {
    return (await this.#options.images.imageStatus({ image: { image: reference } }, signal)).image
  }

  #completeName(name: string, report: EnsureImageRequest['report']): string {
    try {
      return applyDefaultImageTag(name)
    } catch (error) {
      const message = `Failed to apply default image tag "${name}": ${(error as Error).message}`
      report('Warning', 'InspectFailed', message)
      throw new ImageError('InvalidImageName', message)
    }
  }

  async #inspect(image: string, name: string, report: EnsureImageRequest['report'], signal: AbortSignal): Promise<Image | undefined> {
    try {
      return await this.inspect(image, signal)
    } catch (error) {
      signal.throwIfAborted()
      const message = `Failed to inspect image "${name}": ${(error as Error).message}`
      report('Warning', 'InspectFailed', message)
      throw new ImageError('ImageInspectError', message, { cause: error })
    }
  }

  async #pull(image: string, name: string, request: EnsureImageRequest, signal: AbortSignal): Promise<ReadyImage> {
    const { clock } = this.#options
    const { report } = request
    report('Normal', 'Pulling', `Pulling image "${name}"`)
    const beginMs = clock.monotonicMs()
    await this.#acquire()
    const pullMs = clock.monotonicMs()
    try {
      const reference = await this.#pullWithCredentials(image, request, signal)
      const endMs = clock.monotonicMs()
      const pulled = await this.inspect(reference, signal)
      const [took, waited] = [endMs - pullMs, endMs - beginMs].map(ms => formatDuration(Math.trunc(ms)))
      report(
        'Normal',
        'Pulled',
        `Successfully pulled image "${name}" in ${took} (${waited} including waiting). Image size: ${pulled?.size ?? 0n} bytes.`,
      )
      return readyImage(reference, pulled)
    } catch (error) {
      signal.throwIfAborted()
      const { message } = error as Error
      report('Warning', 'Failed', `Failed to pull image "${name}": ${message}`)
      throw pullError(name, message, error)
    } finally {
      this.#release()
    }
  }

  async #pullWithCredentials(image: string, request: EnsureImageRequest, signal: AbortSignal): Promise<string> {
    const { images } = this.#options
    const { pod, sandboxConfig, pullSecrets } = request
    const spec = { image, annotations: pod.metadata.annotations ?? {} }
    const credentials = credentialsFor(image, await pullSecrets())
    if (credentials.length === 0) return (await images.pullImage({ image: spec, sandboxConfig }, signal)).imageRef
    const failures: unknown[] = []
    for (const auth of credentials) {
      try {
        return (await images.pullImage({ image: spec, sandboxConfig, auth }, signal)).imageRef
      } catch (error) {
        signal.throwIfAborted()
        failures.push(error)
      }
    }
    if (failures.length === 1) throw failures[0]
    throw new Error(`[${failures.map(failure => (failure as Error).message).join(', ')}]`)
  }

  async #acquire(): Promise<void> {
    if (this.#pulling < limits.imagePullsMax) {
      this.#pulling++
      return
    }
    // The one that ends hands its place on.
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#pulling--
    else next()
  }
}

/** Runtimes put these two words at the start of their answer, so that the kubelet can tell them apart (CRI's documented errors). */
function pullError(name: string, message: string, cause: unknown): ImageError {
  if (message.includes('RegistryUnavailable')) {
    const rest = message.replace(/^.*RegistryUnavailable:?\s*/, '')
    return new ImageError(
      'RegistryUnavailable',
      `image pull failed for ${name} because the registry is unavailable${rest === '' ? '' : `: ${rest}`}`,
      { cause },
    )
  }
  if (message.includes('SignatureValidationFailed')) {
    const rest = message.replace(/^.*SignatureValidationFailed:?\s*/, '')
    return new ImageError(
      'SignatureValidationFailed',
      `image pull failed for ${name} because the signature validation failed${rest === '' ? '' : `: ${rest}`}`,
      { cause },
    )
  }
  return new ImageError('ErrImagePull', message, { cause })
}
