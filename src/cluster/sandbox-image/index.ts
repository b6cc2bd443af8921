import type { Clock } from '#base/clock.ts'
import type { ImageService } from '#cri/cri.ts'
import type { Transport } from '#cri/remote/transport.ts'
import { importImage } from '../images/import-image.ts'
import { isMachine, sandboxImage, sandboxImageName } from './sandbox-image.ts'

export { sandboxImageName }

/** Makes sure that containerd has the sandbox image; nothing is pulled. `architecture` is Node's `process.arch`. */
export async function ensureSandboxImage(
  options: { transport: Transport; images: ImageService; clock: Clock; architecture: string },
  signal: AbortSignal,
): Promise<void> {
  if (!isMachine(options.architecture))
    throw new Error(`cannot make a sandbox image for ${options.architecture}: only x64 and arm64 are known`)
  await importImage({ ...options, name: sandboxImageName, image: await sandboxImage(options.architecture) }, signal)
}
