import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import tar from 'tar-stream'

export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const

export interface Descriptor {
  mediaType: string
  /** `sha256:` and 64 hexadecimal digits. */
  digest: string
  size: number
}

/** A file, link or folder of a layer. */
export interface LayerEntry {
  /** From the root, without a leading slash. */
  path: string
  /** Permission bits; 0755 for folders and 0644 for files when missing. */
  mode?: number
  uid?: number
  gid?: number
  /** A file's bytes; an entry without content and link is a folder. */
  content?: Uint8Array | string
  /** Where a symbolic link points. */
  link?: string
}

export interface Layer {
  bytes: Buffer
  descriptor: Descriptor
}

/** What a container gets from its image; names as in the OCI image specification. */
export interface ImageConfig {
  User?: string
  Env?: string[]
  Entrypoint?: string[]
  Cmd?: string[]
  WorkingDir?: string
  StopSignal?: string
  ExposedPorts?: Record<string, object>
  Volumes?: Record<string, object>
  Labels?: Record<string, string>
}

export interface OCIImage {
  manifest: Descriptor
  /** Everything that the manifest leads to, and the manifest itself, by digest. */
  blobs: Map<string, Buffer>
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/**
 * A layer of these entries. The same entries give the same bytes: times are zero, the order is the one given. Not compressed, because
 * it never leaves the machine.
 */
export async function buildLayer(entries: Iterable<LayerEntry>): Promise<Layer> {
  const pack = tar.pack()
  const packed = buffer(pack)
  for (const entry of entries) {
    const { path, mode, uid = 0, gid = 0, content, link } = entry
    const header = { name: path, uid, gid, mtime: new Date(0) }
    if (link !== undefined) pack.entry({ ...header, type: 'symlink', linkname: link, mode: 0o777 })
    else if (content === undefined) pack.entry({ ...header, type: 'directory', mode: mode ?? 0o755 })
    else pack.entry({ ...header, type: 'file', mode: mode ?? 0o644 }, Buffer.from(content as Uint8Array))
  }
  pack.finalize()
  const bytes = await packed
  return { bytes, descriptor: { mediaType: mediaTypes.layer, digest: digestOf(bytes), size: bytes.length } }
}

/** An image of these layers, the lowest first. The layers are not compressed, so each one's digest is that of its content, too. */
export function buildImage(options: { architecture: 'amd64' | 'arm64'; layers: readonly Layer[]; config: ImageConfig }): OCIImage {
  const { architecture, layers, config } = options
  const configBytes = jsonBytes({
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ descriptor }) => descriptor.digest) },
  })
  const configDescriptor: Descriptor = { mediaType: mediaTypes.config, digest: digestOf(configBytes), size: configBytes.length }
  const manifestBytes = jsonBytes({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configDescriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  })
  const manifest: Descriptor = { mediaType: mediaTypes.manifest, digest: digestOf(manifestBytes), size: manifestBytes.length }
  const blobs = new Map(layers.map(({ bytes, descriptor }) => [descriptor.digest, bytes]))
  return { manifest, blobs: blobs.set(configDescriptor.digest, configBytes).set(manifest.digest, manifestBytes) }
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
