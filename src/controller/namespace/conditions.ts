import type { NamespaceCondition } from '#api/core/v1/types.gen.ts'

export interface Remaining {
  /** `pods.`, `deployments.apps`: as upstream's messages name resources. */
  resource: string
  count: number
  finalizers: readonly string[]
}

/** The five conditions of a namespace that is being deleted, in upstream's words. */
export function deletionConditions(
  { remaining, errors }: { remaining: readonly Remaining[]; errors: readonly string[] },
  before: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const held = new Map<string, number>()
  for (const { finalizers, count } of remaining) for (const name of finalizers) held.set(name, (held.get(name) ?? 0) + count)
  const conditions: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      status: 'False',
      reason: 'ResourcesDiscovered',
      message: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      status: 'False',
      reason: 'ParsedGroupVersions',
      message: 'All legacy kube types successfully parsed',
    },
    errors.length > 0
      ? {
          type: 'NamespaceDeletionContentFailure',
          status: 'True',
          reason: 'ContentDeletionFailed',
          message: `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(', ')}`,
        }
      : {
          type: 'NamespaceDeletionContentFailure',
          status: 'False',
          reason: 'ContentDeleted',
          message: 'All content successfully deleted, may be waiting on finalization',
        },
    remaining.length > 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${remaining.map(({ resource, count }) => `${resource} has ${count} resource instances`).join(', ')}`,
        }
      : { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' },
    held.size > 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${[...held].map(([name, count]) => `${name} in ${count} resource instances`).join(', ')}`,
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ]
  return conditions.map(condition => {
    const old = before.find(({ type }) => type === condition.type)
    return { ...condition, lastTransitionTime: old?.status === condition.status ? old.lastTransitionTime : now }
  })
}
