/** A name of an image as containerd stores it: with host, path and tag or digest written out. */
export interface ImageReference {
  /** `docker.io/library/nginx`. */
  repository: string
  /** Undefined when the name has a digest only. */
  tag: string | undefined
  /** `sha256:…`. */
  digest: string | undefined
}

const defaultHost = 'docker.io'
const digestPattern = /^sha256:[0-9a-f]{64}$/
const component = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*'
const namePattern = new RegExp(`^(?:[a-zA-Z0-9.-]+(?::\\d+)?/)?${component}(?:/${component})*$`)
const tagPattern = /^\w[\w.-]{0,127}$/

/** Completes a name by Docker's rules (`nginx` is `docker.io/library/nginx:latest`); undefined when it is no name of an image. */
export function parseImageReference(name: string): ImageReference | undefined {
  const [withoutDigest = '', digest, ...rest] = name.split('@')
  if (rest.length > 0 || (digest !== undefined && !digestPattern.test(digest))) return undefined
  const colon = withoutDigest.lastIndexOf(':')
  const hasTag = colon > withoutDigest.lastIndexOf('/')
  const path = hasTag ? withoutDigest.slice(0, colon) : withoutDigest
  const tag = hasTag ? withoutDigest.slice(colon + 1) : digest === undefined ? 'latest' : undefined
  if (!namePattern.test(path) || (tag !== undefined && !tagPattern.test(tag))) return undefined
  return { repository: completeRepository(path), tag, digest }
}

export function formatImageReference({ repository, tag, digest }: ImageReference): string {
  return `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

function completeRepository(path: string): string {
  const slash = path.indexOf('/')
  const first = slash < 0 ? '' : path.slice(0, slash)
  const hasHost = first === 'localhost' || /[.:]/.test(first)
  if (!hasHost) return `${defaultHost}/${slash < 0 ? 'library/' : ''}${path}`
  return first === defaultHost && !path.slice(slash + 1).includes('/') ? `${defaultHost}/library/${path.slice(slash + 1)}` : path
}
