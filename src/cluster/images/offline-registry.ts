import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Logger } from '#base/log.ts'
import type { Descriptor } from './oci-image.ts'
import { blobPath, readLayout } from './oci-layout.ts'
import { defaultHost } from './reference.ts'

export interface OfflineRegistryOptions {
  /** OCI layouts; what comes first counts. They are read at each request, so an image can be added at any time. */
  folders: readonly string[]
  /** A port on 127.0.0.1; a free one when missing. */
  port?: number
  /** Whoever asks must name themselves so. */
  credentials?: { username: string; password: string }
  logger: Logger
}

export interface OfflineRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  url: string
}

/** An answer that is an error, with the code that the distribution specification gives it. */
class RegistryError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const manifestPath = /^\/v2\/(.+)\/manifests\/([^/]+)$/
const blobsPath = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/
const tagsPath = /^\/v2\/(.+)\/tags\/list$/

/**
 * A registry on the loopback address that only gives out: the part of the OCI distribution specification that pulling needs. As a
 * mirror it is told by `?ns=` for which registry it stands in.
 */
export async function startOfflineRegistry(options: OfflineRegistryOptions): Promise<OfflineRegistry> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(error => fail(response, error, options.logger))
  })
  await listen(server, options.port ?? 0)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => reject(new Error(`cannot serve images on port ${port} of 127.0.0.1`, { cause })))
    server.listen({ host: '127.0.0.1', port }, () => resolve())
  })
}

async function answer(request: IncomingMessage, response: ServerResponse, options: OfflineRegistryOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry')
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0')
  if (!isAuthorized(request, options)) {
    response.setHeader('WWW-Authenticate', 'Basic realm="Registry"')
    throw new RegistryError(401, 'UNAUTHORIZED', 'authentication required')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new RegistryError(405, 'UNSUPPORTED', 'the operation is unsupported')
  if (url.pathname === '/v2/' || url.pathname === '/v2') return sendJSON(response, 200, {})
  const host = url.searchParams.get('ns') ?? defaultHost
  const [, manifestRepository, reference] = manifestPath.exec(url.pathname) ?? []
  if (manifestRepository !== undefined && reference !== undefined)
    return sendManifest(request, response, { options, repository: `${host}/${manifestRepository}`, reference })
  const digest = blobsPath.exec(url.pathname)?.[2]
  if (digest !== undefined) return sendBlob(request, response, { options, descriptor: { digest, mediaType: 'application/octet-stream' } })
  const taggedRepository = tagsPath.exec(url.pathname)?.[1]
  if (taggedRepository !== undefined) return sendTags(response, { options, host, repository: taggedRepository })
  throw new RegistryError(404, 'NOT_FOUND', 'there is nothing at this path')
}

function isAuthorized(request: IncomingMessage, { credentials }: OfflineRegistryOptions): boolean {
  if (credentials === undefined) return true
  const wanted = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')
  return request.headers.authorization === `Basic ${wanted}`
}

interface ManifestRequest {
  options: OfflineRegistryOptions
  repository: string
  reference: string
}

async function sendManifest(
  request: IncomingMessage,
  response: ServerResponse,
  { options, repository, reference }: ManifestRequest,
): Promise<void> {
  for (const folder of options.folders) {
    const images = (await readLayout(folder)).filter(({ name }) => name.startsWith(`${repository}:`))
    const found = images.find(({ name, manifest }) => name === `${repository}:${reference}` || manifest.digest === reference)
    if (found !== undefined) return sendBlob(request, response, { options, descriptor: found.manifest })
  }
  throw new RegistryError(404, 'MANIFEST_UNKNOWN', `manifest unknown: ${repository}:${reference}`)
}

async function sendTags(
  response: ServerResponse,
  { options, host, repository }: { options: OfflineRegistryOptions; host: string; repository: string },
): Promise<void> {
  const prefix = `${host}/${repository}:`
  const images = (await Promise.all(options.folders.map(readLayout))).flat()
  const tags = images.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length))
  if (tags.length === 0) throw new RegistryError(404, 'NAME_UNKNOWN', `repository name not known to registry: ${host}/${repository}`)
  sendJSON(response, 200, { name: repository, tags: [...new Set(tags)].sort() })
}

interface BlobRequest {
  options: OfflineRegistryOptions
  descriptor: Pick<Descriptor, 'digest' | 'mediaType'>
}

async function sendBlob(request: IncomingMessage, response: ServerResponse, { options, descriptor }: BlobRequest): Promise<void> {
  const found = await findBlob(options.folders, descriptor.digest)
  if (found === undefined) throw new RegistryError(404, 'BLOB_UNKNOWN', `blob unknown to registry: ${descriptor.digest}`)
  const range = parseRange(request.headers.range, found.size)
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${found.size}`)
    throw new RegistryError(416, 'RANGE_INVALID', 'the range lies outside of the blob')
  }
  const { first, last } = range ?? { first: 0, last: found.size - 1 }
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Type': descriptor.mediaType,
    'Content-Length': last - first + 1,
    'Docker-Content-Digest': descriptor.digest,
    'Accept-Ranges': 'bytes',
    ETag: `"${descriptor.digest}"`,
    ...(range !== undefined && { 'Content-Range': `bytes ${first}-${last}/${found.size}` }),
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(found.path, { start: first, end: last }), response)
}

async function findBlob(folders: readonly string[], digest: string): Promise<{ path: string; size: number } | undefined> {
  for (const folder of folders) {
    const path = blobPath(folder, digest)
    const size = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    )
    if (size !== undefined) return { path, size }
  }
  return undefined
}

/** The one range of a `Range` header; undefined when the whole is wanted, or the header is of a kind that may be ignored. */
export function parseRange(header: string | undefined, size: number): { first: number; last: number } | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? []
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined
  const first = from === '' ? Math.max(size - Number(to), 0) : Number(from)
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return first >= size || first > last ? 'unsatisfiable' : { first, last }
}

function sendJSON(response: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body))
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length }).end(bytes)
}

function fail(response: ServerResponse, error: unknown, logger: Logger): void {
  if (response.headersSent) {
    // The reader went away, or the file did: nothing can be said any more.
    response.destroy()
    return
  }
  if (!(error instanceof RegistryError)) logger.error('offline registry failed', { error })
  const { status, code, message } = error instanceof RegistryError ? error : new RegistryError(500, 'UNKNOWN', 'the registry failed')
  sendJSON(response, status, { errors: [{ code, message }] })
}
