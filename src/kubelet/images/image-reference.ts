/** An image name as people write it, made complete the way the Docker tools do. */
export interface ImageReference {
  /** `docker.io`, `registry.example:5000`, … */
  registry: string
  /** `library/nginx` */
  repository: string
  tag: string
  /** '' without one. */
  digest: string
}

const defaultRegistry = 'docker.io'
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const host = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?'
const reference = new RegExp(
  `^(?:(${host})/)?(${component}(?:/${component})*)(?::([\\w][\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
)

/** Undefined when the text is no image name. */
export function parseImageReference(text: string): ImageReference | undefined {
  const slash = text.indexOf('/')
  const first = text.slice(0, Math.max(slash, 0))
  const hasRegistry = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const match = reference.exec(hasRegistry ? text : `${defaultRegistry}/${text}`)
  if (match === null) return undefined
  const [, registry = defaultRegistry, path = '', tag = '', digest = ''] = match
  const isOfficial = !hasRegistry && !path.includes('/')
  return { registry, repository: isOfficial ? `library/${path}` : path, tag: tag === '' && digest === '' ? 'latest' : tag, digest }
}

/** The name with `:latest` when it has neither tag nor digest. @throws Error in upstream's words when it is no image name */
export function applyDefaultImageTag(image: string): string {
  const parsed = parseImageReference(image)
  if (parsed === undefined) throw new Error(`couldn't parse image name "${image}": ${refusalOf(image)}`)
  const hasTag = /:[^/]*$/.test(image)
  return image.includes('@') || hasTag ? image : `${image}:latest`
}

function refusalOf(image: string): string {
  if (image !== image.toLowerCase() && parseImageReference(image.toLowerCase()) !== undefined)
    return 'invalid reference format: repository name (library/' + image.replace(/[:@].*$/, '') + ') must be lowercase'
  return 'invalid reference format'
}
