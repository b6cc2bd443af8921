import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { parseTime } from '#apimachinery/meta/v1/time.ts'
import { humanDuration } from '#apimachinery/duration/duration.ts'
import type { Column } from '#apiserver/registry/resource.ts'

/** How long ago that was, as kubectl shows it; `<unknown>` for no time. */
export function elapsedSince(time: string | null | undefined, nowMs: number): string {
  const ms = parseTime(time ?? undefined)
  return ms === undefined ? '<unknown>' : humanDuration(nowMs - ms)
}

export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description: 'Name of the object, unique in its namespace.',
  value: ({ metadata }) => metadata.name,
}

export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  priority: 0,
  description: 'Time since the object was created.',
  value: ({ metadata }, now) => elapsedSince(metadata.creationTimestamp, now),
}

/** `a=b,c=d` in the order of the keys; `<none>` for nothing. */
export function labelsText(labels: Record<string, string> | undefined): string {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',')
}
