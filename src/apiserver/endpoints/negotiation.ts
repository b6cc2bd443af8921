import { newNotAcceptable } from '#apimachinery/status/status.ts'

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf'

export const mediaTypes: readonly MediaType[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** What a client wants to get. */
export interface Accepted {
  mediaType: MediaType
  /** In which shape; undefined: the object itself. */
  as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined
}

interface Clause {
  type: string
  parameters: Map<string, string>
  quality: number
}

const shapes: ReadonlySet<string | undefined> = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'])
const cacheEntriesMax = 256
const allForms = new Map<string, Accepted>()
const textForms = new Map<string, Accepted>()

/**
 * The first clause of an `Accept` header that we can serve; JSON without a header.
 * @param hasProtobuf custom resources have no such form
 * @throws StatusError NotAcceptable
 */
export function negotiate(accept: string, hasProtobuf: boolean): Accepted {
  const cache = hasProtobuf ? allForms : textForms
  let accepted = cache.get(accept)
  if (accepted === undefined) {
    accepted = choose(accept, hasProtobuf)
    if (cache.size >= cacheEntriesMax) cache.clear()
    cache.set(accept, accepted)
  }
  return accepted
}

function choose(accept: string, hasProtobuf: boolean): Accepted {
  if (accept.trim() === '') return { mediaType: 'application/json', as: undefined }
  for (const { type, parameters } of parseAccept(accept)) {
    const mediaType = mediaTypeOf(type)
    if (mediaType === undefined) continue
    const isProtobuf = mediaType === 'application/vnd.kubernetes.protobuf'
    if (isProtobuf && (!hasProtobuf || parameters.get('as') === 'Table')) continue
    const as = parameters.get('as')
    if (as === undefined) return { mediaType, as: undefined }
    if (shapes.has(as) && parameters.get('g') === 'meta.k8s.io' && parameters.get('v') === 'v1')
      return { mediaType, as: as as Accepted['as'] }
  }
  const offered = hasProtobuf ? mediaTypes : mediaTypes.slice(0, 2)
  throw newNotAcceptable(`only the following media types are accepted: ${offered.join(', ')}`)
}

function mediaTypeOf(type: string): MediaType | undefined {
  if (type === '*/*' || type === 'application/*') return 'application/json'
  return mediaTypes.find(known => known === type)
}

/** The clauses of an `Accept` header, best first. */
export function parseAccept(accept: string): Clause[] {
  const clauses = accept.split(',').map(text => {
    const [type = '', ...rest] = text.split(';')
    const parameters = new Map<string, string>()
    for (const parameter of rest) {
      const equals = parameter.indexOf('=')
      if (equals > 0)
        parameters.set(
          parameter.slice(0, equals).trim().toLowerCase(),
          parameter
            .slice(equals + 1)
            .trim()
            .replaceAll('"', ''),
        )
    }
    return { type: type.trim().toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) }
  })
  return clauses.filter(clause => clause.quality > 0).sort((a, b) => b.quality - a.quality)
}
