import { formatTime } from '#apimachinery/meta/v1/time.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import type { DeletionOptions, RequestContext, Strategy, Subresource } from '#apiserver/registry/resource.ts'
import { isPodTerminal, setPodCondition } from '#api/core/v1/pod-conditions.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { Eviction } from '#api/policy/v1/types.gen.ts'
import { success } from '../../success.ts'

const evictionStrategy: Strategy<Pod> = { validateCreate: () => [], validateUpdate: () => [] }

/** POST `pods/NAME/eviction`: deletes the pod as `kubectl drain` does, after telling why in its status. */
export const eviction: Subresource = {
  type: 'create',
  kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
  schema: 'io.k8s.api.policy.v1.Eviction',
  create: (body, name, context) => evict(body as Eviction, name, context),
}

async function evict(body: Eviction, name: string, context: RequestContext): Promise<KubeObject> {
  if (body.metadata.name !== name) throw newBadRequest('name in URL does not match name in Eviction object')
  const options = deletionOptions(body)
  const dryRun = context.dryRun || options.dryRun === true
  const store = context.stores.of<Pod>({ group: '', resource: 'pods' })
  const pod = await store.get(context.namespace, name)
  if (!dryRun && !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined) {
    const { resourceVersion } = options.preconditions ?? {}
    const change = (shared: Pod) => addDisruptionTarget(shared, context)
    const marked = await store.update(context.namespace, name, change, context, {
      strategy: evictionStrategy,
      ...(resourceVersion ? { resourceVersion } : {}),
    })
    // The mark made a new version: the client's wish was met by the one before.
    if (resourceVersion !== undefined) options.preconditions = { ...options.preconditions, ...versionOf(marked) }
  }
  await store.delete(context.namespace, name, options, context)
  return success(201)
}

function versionOf(pod: Pod): { resourceVersion?: string } {
  return pod.metadata.resourceVersion === undefined ? {} : { resourceVersion: pod.metadata.resourceVersion }
}

function addDisruptionTarget(pod: Pod, context: RequestContext): Pod {
  pod.status = { ...pod.status }
  const observedGeneration = pod.metadata.generation
  const words = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
  setPodCondition(pod.status, { type: 'DisruptionTarget', observedGeneration, status: 'True', ...words }, formatTime(context.clock.now()))
  return pod
}

function deletionOptions({ deleteOptions }: Eviction): DeletionOptions {
  if (deleteOptions === undefined) return {}
  const { gracePeriodSeconds, preconditions, propagationPolicy, dryRun } = deleteOptions
  const options: DeletionOptions = {}
  if (gracePeriodSeconds !== undefined) options.gracePeriodSeconds = gracePeriodSeconds
  if (preconditions !== undefined) {
    options.preconditions = {}
    if (preconditions.uid !== undefined) options.preconditions.uid = preconditions.uid
    if (preconditions.resourceVersion !== undefined) options.preconditions.resourceVersion = preconditions.resourceVersion
  }
  if (propagationPolicy === 'Orphan' || propagationPolicy === 'Background' || propagationPolicy === 'Foreground') {
    options.propagationPolicy = propagationPolicy
  }
  if (dryRun?.includes('All')) options.dryRun = true
  return options
}
