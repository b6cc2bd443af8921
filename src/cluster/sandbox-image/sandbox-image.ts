import { buildImage, buildLayer, type OCIImage } from '../images/oci-image.ts'
import { type Machine, pauseProgram } from './pause.ts'

/** Name of the image that sandboxes are made of; the version changes with its content. */
export const sandboxImageName = 'coxswain.local/pause:1'

/** Nobody's number: the program needs no rights at all. */
const user = '65535:65535'
const architectures: Record<Machine, 'amd64' | 'arm64'> = { x64: 'amd64', arm64: 'arm64' }

/** The image of the sandbox: one program, no shell, nothing to pull. */
export async function sandboxImage(machine: Machine): Promise<OCIImage> {
  const layer = await buildLayer([{ path: 'pause', mode: 0o755, content: pauseProgram(machine) }])
  return buildImage({
    architecture: architectures[machine],
    layers: [layer],
    config: { Entrypoint: ['/pause'], User: user, WorkingDir: '/' },
  })
}

/** Whether there is a sandbox image for what Node calls `process.arch`. */
export function isMachine(architecture: string): architecture is Machine {
  return architecture in architectures
}
