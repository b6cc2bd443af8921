import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Entry } from '../cacher/entry.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readObject } from './body.ts'
import type { Call } from './call.ts'
import { adoptNamespace } from './object-identity.ts'
import { parseWriteQuery } from './write-options.ts'

/** POST to a collection. */
export async function create(call: Call): Promise<APIResponse> {
  const form = call.form()
  const { fieldValidation } = parseWriteQuery(call, 'CreateOptions')
  const { route } = call
  const { apiVersion, schema, info } = route
  const received = await readObject(call, { apiVersion, kind: info.kind, schema, fieldValidation })
  const object = route.toStorage(received)
  const { onCreate } = route.resource
  if (onCreate === undefined) return { status: 201, body: form.entryBody(await createObject(call, object)) }
  adoptNamespace(call, object)
  route.resource.strategy.applyDefaults?.(object)
  await call.services.admission.admit('CREATE', object, undefined, call)
  await call.services.admission.validate('CREATE', object, undefined, call)
  return { status: 201, body: form.freshBody(await onCreate(object, call)) }
}

/** From a received object of the stored version to one that is stored. */
export function createObject(call: Call, object: KubeObject): Promise<Entry> {
  adoptNamespace(call, object)
  call.route.resource.strategy.applyDefaults?.(object)
  call.services.fields.update(call, undefined, object)
  return admitAndStore(call, object)
}

/** The second half: admission and the store. The object is complete, its fields are tracked. */
export async function admitAndStore(call: Call, object: KubeObject): Promise<Entry> {
  const { admission } = call.services
  const admitting = admission.admit('CREATE', object, undefined, call)
  if (admitting !== undefined) await admitting
  return call.route.store!.createEntry(object, call, finished => admission.validate('CREATE', finished, undefined, call))
}
