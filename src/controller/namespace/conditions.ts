import type { NamespaceCondition } from '#api/core/v1/types.gen.ts'

/** What is still in a namespace that is being emptied, and what went wrong. */
export interface Leftovers {
  /** Objects by resource: `pods.`, `deployments.apps`, as upstream's messages name them. */
  counts: ReadonlyMap<string, number>
  /** How many objects each finalizer holds. */
  finalizers: ReadonlyMap<string, number>
  /** Why the server's resources could not all be found. */
  discoveryError?: string | undefined
  deletionErrors: readonly string[]
}

/** The five conditions of a namespace that is being deleted, in upstream's words. */
export function deletionConditions(
  { counts, finalizers, discoveryError, deletionErrors: errors }: Leftovers,
  before: readonly NamespaceCondition[],
  now: string,
): NamespaceCondition[] {
  const conditions: Omit<NamespaceCondition, 'lastTransitionTime'>[] = [
    discoveryError === undefined
      ? {
          type: 'NamespaceDeletionDiscoveryFailure',
          status: 'False',
          reason: 'ResourcesDiscovered',
          message: 'All resources successfully discovered',
        }
      : { type: 'NamespaceDeletionDiscoveryFailure', status: 'True', reason: 'DiscoveryFailed', message: discoveryError },
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
          message: `Failed to delete all resource types, ${errors.length} remaining: ${errors.toSorted().join(', ')}`,
        }
      : {
          type: 'NamespaceDeletionContentFailure',
          status: 'False',
          reason: 'ContentDeleted',
          message: 'All content successfully deleted, may be waiting on finalization',
        },
    counts.size > 0
      ? {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${listOf(counts, (resource, count) => `${resource} has ${count} resource instances`)}`,
        }
      : { type: 'NamespaceContentRemaining', status: 'False', reason: 'ContentRemoved', message: 'All content successfully removed' },
    finalizers.size > 0
      ? {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${listOf(finalizers, (name, count) => `${name} in ${count} resource instances`)}`,
        }
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'False',
          reason: 'ContentHasNoFinalizers',
          message: 'All content-preserving finalizers finished',
        },
  ]
  const ours = new Set(conditions.map(({ type }) => type))
  return [
    ...before.filter(({ type }) => !ours.has(type)),
    ...conditions.map(condition => {
      const old = before.find(({ type }) => type === condition.type)
      return { ...condition, lastTransitionTime: old?.status === condition.status ? old.lastTransitionTime : now }
    }),
  ]
}

function listOf(counts: ReadonlyMap<string, number>, text: (name: string, count: number) => string): string {
  return Array.from(counts, ([name, count]) => text(name, count))
    .sort()
    .join(', ')
}
