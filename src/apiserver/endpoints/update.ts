import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import type { Strategy } from '../registry/resource.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readObject } from './body.ts'
import type { Call } from './call.ts'
import { createObject } from './create.ts'
import { adoptNamespace, checkNames } from './object-identity.ts'
import { parseWriteQuery } from './write-options.ts'

/** PUT of an object, or of a part of it through a subresource with a strategy of its own. */
export async function update(call: Call, strategy: Strategy = call.route.resource.strategy): Promise<APIResponse> {
  const form = call.form()
  const { fieldValidation } = parseWriteQuery(call, 'UpdateOptions')
  const { route } = call
  const live = route.isStoredVersion ? route.store!.peek(call.namespace, call.name!) : undefined
  const { apiVersion, schema, info } = route
  const received = await readObject(call, { apiVersion, kind: info.kind, schema, fieldValidation, live })
  const object = route.toStorage(received)
  checkNames(call, object)
  adoptNamespace(call, object)
  route.resource.strategy.applyDefaults?.(object)
  // Whoever names a version writes once or not at all; only a write onto any version may have to be done again.
  const isRepeatable = !object.metadata.resourceVersion
  let status = 200
  const createMissing = () => {
    status = 201
    return createObject(call, deepCopy(object))
  }
  const entry = await route.store!.updateEntry({
    namespace: call.namespace,
    name: call.name!,
    context: call,
    strategy,
    change: old => finishUpdate(call, old, isRepeatable ? deepCopy(object) : object),
    validate: (finished, old) => call.services.admission.validate('UPDATE', finished, old, call),
    createMissing: strategy.allowCreateOnUpdate === true && call.subresource === undefined ? createMissing : undefined,
  })
  return { status, body: form.entryBody(entry) }
}

/** What happens to every changed object before the store takes it: fields are tracked, admission may change it. */
export function finishUpdate(call: Call, old: KubeObject, object: KubeObject): KubeObject | Promise<KubeObject> {
  call.services.fields.update(call, old, object)
  const admitting = call.services.admission.admit('UPDATE', object, old, call)
  return admitting === undefined ? object : admitting.then(() => object)
}
