import { formatTime } from '#apimachinery/meta/v1/time.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newBadRequest, newConflict, newInvalid } from '#apimachinery/status/status.ts'
import { type FieldError, notSupported, path, required } from '#apimachinery/validation/field-error.ts'
import type { RequestContext, Strategy, Subresource } from '#apiserver/registry/resource.ts'
import { setPodCondition } from '#api/core/v1/pod-conditions.ts'
import type { Binding, Pod } from '#api/core/v1/types.gen.ts'
import { success } from '../../success.ts'

/** The write is not a user's update of the pod: what those may not change is changed here. */
const bindingStrategy: Strategy<Pod> = { validateCreate: () => [], validateUpdate: () => [] }

/** POST `pods/NAME/binding`: gives the pod to a node, once and for all. */
export const binding: Subresource = {
  type: 'create',
  kind: { group: '', version: 'v1', kind: 'Binding' },
  schema: 'io.k8s.api.core.v1.Binding',
  create: (body, name, context) => bind(body as Binding, name, context),
}

async function bind(body: Binding, name: string, context: RequestContext): Promise<KubeObject> {
  if (body.metadata.name && body.metadata.name !== name) throw newBadRequest('name in URL does not match name in Binding object')
  const errors = validateBinding(body)
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'Binding' }, name, errors)
  const refuse = (cause: string) => newConflict({ group: '', resource: 'pods/binding' }, name, cause)
  const { uid, resourceVersion, annotations, labels } = body.metadata
  const change = (pod: Pod): Pod => {
    if (uid && uid !== pod.metadata.uid) {
      throw refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`)
    }
    if (pod.metadata.deletionTimestamp !== undefined) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
    if (pod.spec.nodeName) throw refuse(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`)
    if (pod.spec.schedulingGates?.length) throw refuse(`pod ${name} has non-empty .spec.schedulingGates`)
    pod.spec = { ...pod.spec, nodeName: body.target.name }
    if (annotations !== undefined) pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations }
    if (labels !== undefined) pod.metadata.labels = { ...pod.metadata.labels, ...labels }
    const observedGeneration = pod.metadata.generation
    pod.status = { ...pod.status }
    setPodCondition(pod.status, { type: 'PodScheduled', observedGeneration, status: 'True' }, formatTime(context.clock.now()))
    return pod
  }
  const options = { strategy: bindingStrategy, ...(resourceVersion ? { resourceVersion } : {}) }
  await context.stores.of<Pod>({ group: '', resource: 'pods' }).update(context.namespace, name, change, context, options)
  return success(201)
}

function validateBinding({ target }: Binding): FieldError[] {
  const errors: FieldError[] = []
  if (target?.kind && target.kind !== 'Node') errors.push(notSupported(path('target', 'kind'), target.kind, ['Node', '<empty>']))
  if (!target?.name) errors.push(required(path('target', 'name')))
  return errors
}
