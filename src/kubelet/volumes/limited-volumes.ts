import type { Pod } from '#api/core/v1/types.gen.ts'

/** The pod's emptyDir volumes on disk that may hold only so much. What lies in memory has its limit from the file system. */
export function limitedVolumes({ spec }: Pod): { name: string; sizeLimit: string }[] {
  return (spec.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const { medium = '', sizeLimit } = emptyDir ?? {}
    return medium === '' && sizeLimit !== undefined ? [{ name, sizeLimit }] : []
  })
}
