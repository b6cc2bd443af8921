import type { Clock } from '#base/clock.ts'
import type { ImageService } from '#cri/cri.ts'
import { isAlreadyExists } from '#cri/error.ts'
import {
  CreateLeaseRequestSchema,
  CreateLeaseResponseSchema,
  DeleteLeaseRequestSchema,
  ImageRequestSchema,
  ImageResponseSchema,
  WriteAction,
  WriteContentRequestSchema,
} from '#cri/gen/containerd.gen.ts'
import { encode, invoke } from '#cri/remote/call.ts'
import type { CallOptions, Transport } from '#cri/remote/transport.ts'
import { EmptySchema, timestampFromMs } from '@bufbuild/protobuf/wkt'
import type { OCIImage } from './oci-image.ts'

export interface ImportOptions {
  /** Connection to containerd; a CRI socket of another runtime cannot do this. */
  transport: Transport
  images: ImageService
  clock: Clock
  /** Full name with registry and tag. */
  name: string
  image: OCIImage
}

const namespace = 'k8s.io'
/** Makes the CRI show the image, and leaves it alone when room is needed. */
const imageLabels = { 'io.cri-containerd.image': 'managed', 'io.cri-containerd.pinned': 'pinned' }
const chunkBytes = 1024 * 1024
/** What is written stays this long without an image that leads to it. */
const leaseMs = 10 * 60_000
const firstLookMs = 1
const lookMsMax = 50
const visibleMsMax = 10_000

/**
 * Puts an image into containerd under a name, without a registry. Resolves when the CRI knows it. Does nothing when the name is there
 * already: a name's content never changes.
 */
export async function importImage(options: ImportOptions, signal: AbortSignal): Promise<void> {
  const { transport, images, clock, name, image } = options
  const isVisible = async () => (await images.imageStatus({ image: { image: name } }, signal)).image !== undefined
  if (await isVisible()) return
  const inNamespace: CallOptions = { metadata: { 'containerd-namespace': namespace } }
  const lease = await createLease(transport, clock, inNamespace, signal)
  try {
    const leased: CallOptions = { metadata: { ...inNamespace.metadata, 'containerd-lease': lease } }
    for (const [digest, bytes] of image.blobs)
      await writeBlob(transport, { digest, bytes, labels: labelsOf(image, digest) }, leased, signal)
    await createImage(options, inNamespace, signal)
  } finally {
    const call = { path: '/containerd.services.leases.v1.Leases/Delete', input: DeleteLeaseRequestSchema, output: EmptySchema }
    await invoke(transport, call, { id: lease }, signal, inNamespace)
  }
  const untilMs = clock.monotonicMs() + visibleMsMax
  for (let lookMs = firstLookMs; !(await isVisible()); lookMs = Math.min(lookMs * 2, lookMsMax)) {
    if (clock.monotonicMs() > untilMs) throw new Error(`cannot import image "${name}": the runtime does not show it`)
    await clock.sleep(lookMs, signal)
  }
}

async function createLease(transport: Transport, clock: Clock, options: CallOptions, signal: AbortSignal): Promise<string> {
  const call = { path: '/containerd.services.leases.v1.Leases/Create', input: CreateLeaseRequestSchema, output: CreateLeaseResponseSchema }
  const labels = { 'containerd.io/gc.expire': new Date(clock.now() + leaseMs).toISOString() }
  const { lease } = await invoke(transport, call, { id: `coxswain-import-${clock.now()}-${clock.monotonicMs()}`, labels }, signal, options)
  return lease?.id ?? ''
}

/** Labels that keep what a manifest leads to as long as the manifest. */
function labelsOf({ manifest, blobs }: OCIImage, digest: string): Record<string, string> {
  if (digest !== manifest.digest) return {}
  const { config, layers } = JSON.parse(blobs.get(digest)!.toString()) as { config: { digest: string }; layers: { digest: string }[] }
  return Object.fromEntries([
    ['containerd.io/gc.ref.content.config', config.digest],
    ...layers.map((layer, index) => [`containerd.io/gc.ref.content.l.${index}`, layer.digest]),
  ])
}

async function writeBlob(
  transport: Transport,
  { digest, bytes, labels }: { digest: string; bytes: Buffer; labels: Record<string, string> },
  options: CallOptions,
  signal: AbortSignal,
): Promise<void> {
  const common = { ref: `coxswain-${digest}`, total: BigInt(bytes.length), expected: digest, labels }
  function* requests() {
    for (let offset = 0; ; offset += chunkBytes) {
      const data = bytes.subarray(offset, offset + chunkBytes)
      const isLast = offset + chunkBytes >= bytes.length
      const action = isLast ? WriteAction.COMMIT : WriteAction.WRITE
      yield encode(WriteContentRequestSchema, { ...common, action, offset: BigInt(offset), data })
      if (isLast) return
    }
  }
  try {
    await transport.clientStream('/containerd.services.content.v1.Content/Write', requests(), options, signal)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
  }
}

async function createImage({ transport, clock, name, image }: ImportOptions, options: CallOptions, signal: AbortSignal): Promise<void> {
  const now = timestampFromMs(clock.now())
  const target = { mediaType: image.manifest.mediaType, digest: image.manifest.digest, size: BigInt(image.manifest.size) }
  const request = { image: { name, labels: imageLabels, target, createdAt: now, updatedAt: now } }
  const call = (verb: string) => ({
    path: `/containerd.services.images.v1.Images/${verb}`,
    input: ImageRequestSchema,
    output: ImageResponseSchema,
  })
  try {
    await invoke(transport, call('Create'), request, signal, options)
  } catch (error) {
    if (!isAlreadyExists(error)) throw error
    await invoke(transport, call('Update'), request, signal, options)
  }
}
