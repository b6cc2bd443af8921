import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Descriptor, mediaTypes, type OCIImage } from './oci-image.ts'

export interface NamedImage {
  /** Full name with registry and tag. */
  name: string
  image: OCIImage
  /** What is inside, in words. */
  description: string
}

export interface LayoutEntry {
  name: string
  description: string
  manifest: Descriptor
}

const nameAnnotation = 'org.opencontainers.image.ref.name'
const descriptionAnnotation = 'org.opencontainers.image.description'

interface Index {
  manifests: (Descriptor & { annotations?: Record<string, string> })[]
}

/** Writes images as an OCI layout into a folder. Blobs that several images have are written once. */
export async function writeLayout(folder: string, images: readonly NamedImage[]): Promise<void> {
  const blobs = new Map(images.flatMap(({ image }) => [...image.blobs]))
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true })
  for (const [digest, bytes] of blobs) await writeFile(blobPath(folder, digest), bytes)
  const manifests = images.map(({ name, image, description }) => ({
    ...image.manifest,
    annotations: { [nameAnnotation]: name, [descriptionAnnotation]: description },
  }))
  await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }))
  await writeFile(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
}

/** The images of a layout; none when there is no layout. */
export async function readLayout(folder: string): Promise<LayoutEntry[]> {
  const text = await readFile(join(folder, 'index.json'), 'utf8').catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return []
  return (JSON.parse(text) as Index).manifests.map(({ annotations = {}, mediaType, digest, size }) => ({
    name: annotations[nameAnnotation] ?? '',
    description: annotations[descriptionAnnotation] ?? '',
    manifest: { mediaType, digest, size },
  }))
}

/** Where a layout keeps a blob. */
export function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs', digest.replace(':', '/'))
}
