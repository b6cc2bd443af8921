import type { FieldPath } from '#apimachinery/validation/field-error.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { Volume, VolumeProjection, VolumeSource } from '../types.gen.ts'

const deprecatedSources: readonly { type: keyof VolumeSource; shownAs?: string; message: string }[] = [
  { type: 'photonPersistentDisk', message: 'deprecated in v1.11, non-functional in v1.16+' },
  { type: 'gitRepo', message: 'deprecated in v1.11, and disabled by default in v1.33+' },
  { type: 'scaleIO', message: 'deprecated in v1.16, non-functional in v1.22+' },
  { type: 'flocker', message: 'deprecated in v1.22, non-functional in v1.25+' },
  { type: 'storageos', shownAs: 'storageOS', message: 'deprecated in v1.22, non-functional in v1.25+' },
  { type: 'quobyte', message: 'deprecated in v1.22, non-functional in v1.25+' },
  { type: 'glusterfs', message: 'deprecated in v1.25, non-functional in v1.26+' },
  { type: 'cephfs', message: 'deprecated in v1.28, non-functional in v1.31+' },
  { type: 'rbd', message: 'deprecated in v1.28, non-functional in v1.31+' },
]

export function warningsForVolumes(volumes: readonly Volume[], path: FieldPath): string[] {
  const warnings = volumes.flatMap((volume, index) =>
    deprecatedSources
      .filter(({ type }) => volume[type] !== undefined)
      .map(({ type, shownAs, message }) => `${path.index(index).child(shownAs ?? type)}: ${message}`),
  )
  const sourcesOf = (volume: Volume) => volume.projected?.sources ?? []
  const tokens = new Set(
    volumes.flatMap(sourcesOf).flatMap(({ serviceAccountToken }) => (serviceAccountToken ? [serviceAccountToken.path] : [])),
  )
  if (tokens.size === 0) return warnings
  for (const [index, volume] of volumes.entries()) {
    for (const source of sourcesOf(volume)) warnings.push(...hiddenFiles(source, tokens, path.index(index).child('projected', 'sources')))
  }
  return warnings
}

/** Files of a projected volume that a token would be written over. */
function hiddenFiles(source: VolumeProjection, tokens: ReadonlySet<string>, path: FieldPath): string[] {
  const tell = (at: FieldPath, file: string) =>
    tokens.has(file) ? [`${at}: has duplicated path with ServiceAccountToken ${quote(file)}`] : []
  const list = (items: readonly { path: string }[] | undefined, name: string) =>
    (items ?? []).flatMap((item, index) => tell(path.child(name).index(index), item.path))
  return [
    ...list(source.configMap?.items, 'configMap'),
    ...list(source.secret?.items, 'secrets'),
    ...list(source.downwardAPI?.items, 'downwardAPI'),
    ...(source.clusterTrustBundle ? tell(path.child('ClusterTrustBundle'), source.clusterTrustBundle.path) : []),
  ]
}
