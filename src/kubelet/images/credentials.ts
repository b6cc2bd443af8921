import type { Secret } from '#api/core/v1/types.gen.ts'
import { parseImageReference } from './image-reference.ts'

export interface RegistryCredential {
  username: string
  password: string
  /** Set instead of a password by some registries. */
  identityToken?: string
}

interface DockerEntry {
  username?: string
  password?: string
  auth?: string
  identitytoken?: string
}

/**
 * What the pull secrets have for an image, the most specific registry path first. Keys are as in Docker's config: a registry, with an optional
 * path that must begin the repository, and `*` for one part of the host name. Secrets that cannot be read are skipped.
 */
export function credentialsFor(image: string, secrets: readonly Secret[]): RegistryCredential[] {
  const reference = parseImageReference(image)
  if (reference === undefined) return []
  const found: { key: string; credential: RegistryCredential }[] = []
  for (const secret of secrets) {
    for (const [key, entry] of Object.entries(entriesOf(secret))) {
      const credential = credentialOf(entry)
      if (credential !== undefined && matches(key, reference.registry, reference.repository)) found.push({ key, credential })
    }
  }
  return found.sort((a, b) => b.key.length - a.key.length).map(({ credential }) => credential)
}

function entriesOf({ data = {} }: Secret): Record<string, DockerEntry> {
  try {
    const config = data['.dockerconfigjson']
    if (config !== undefined)
      return (JSON.parse(Buffer.from(config, 'base64').toString()) as { auths?: Record<string, DockerEntry> }).auths ?? {}
    const legacy = data['.dockercfg']
    return legacy === undefined ? {} : (JSON.parse(Buffer.from(legacy, 'base64').toString()) as Record<string, DockerEntry>)
  } catch {
    return {}
  }
}

function credentialOf({ username = '', password = '', auth, identitytoken }: DockerEntry): RegistryCredential | undefined {
  const token = identitytoken === undefined ? {} : { identityToken: identitytoken }
  if (auth !== undefined && auth !== '') {
    const decoded = Buffer.from(auth, 'base64').toString()
    const colon = decoded.indexOf(':')
    return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, ''), ...token }
  }
  return username === '' && identitytoken === undefined ? undefined : { username, password, ...token }
}

function matches(key: string, registry: string, repository: string): boolean {
  const [keyHost = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  const isHub = registry === 'docker.io' && ['docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(keyHost)
  if (!isHub && !matchesHost(keyHost, registry)) return false
  // The Hub's own key ends in its API version.
  const wanted = path.filter(part => part !== '').filter(part => part !== 'v1' && part !== 'v2')
  const parts = repository.split('/')
  return wanted.every((part, index) => part === parts[index])
}

function matchesHost(pattern: string, registry: string): boolean {
  const [patternParts, parts] = [pattern.split('.'), registry.split('.')]
  return patternParts.length === parts.length && patternParts.every((part, index) => matchesPart(part, parts[index] ?? ''))
}

function matchesPart(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text
  const escaped = pattern.split('*').map(each => each.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${escaped.join('.*')}$`).test(text)
}
