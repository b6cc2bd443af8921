/** An image name taken apart, as every registry client does it. */
export interface ImageReference {
  /** Registry with port. */
  host: string
  repository: string
  tag?: string
  digest?: string
}

/** The registry of names that do not begin with one. */
export const defaultHost = 'docker.io'
const officialPrefix = 'library/'

/** Takes a short or full image name apart and fills in what it leaves out; undefined for what is no image name. */
export function parseReference(name: string): ImageReference | undefined {
  const match = /^((?:[a-z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/i.exec(
    name,
  )
  const path = match?.[1]
  if (path === undefined) return undefined
  const slash = path.indexOf('/')
  const first = path.slice(0, Math.max(slash, 0))
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost'
  const host = hasHost ? first : defaultHost
  const rest = hasHost ? path.slice(slash + 1) : path
  const repository = host === defaultHost && !rest.includes('/') ? `${officialPrefix}${rest}` : rest
  if (repository !== repository.toLowerCase()) return undefined
  const [, , tag, digest] = match ?? []
  return {
    host,
    repository,
    ...(digest !== undefined ? { digest } : {}),
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
  }
}
