import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Status } from '#apimachinery/status/status.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readDeleteOptionsBody } from './body.ts'
import type { Call } from './call.ts'
import { type DeleteQuery, parseDeleteQuery } from './write-options.ts'

/** DELETE of one object. Answers the object while it stays, and a Status when it is gone (or the object, where the resource says so). */
export async function remove(call: Call): Promise<APIResponse> {
  const form = call.form()
  const options = await readDeleteOptions(call)
  const { route, services } = call
  const { entry, gone } = await route.store!.deleteEntry(call.namespace, call.name!, options, call, (_object, old) =>
    admitDelete(call, old),
  )
  const status = !gone && options.orphanDependents === false ? 202 : 200
  if (!gone || route.resource.returnsDeletedObject === true) return { status, body: form.entryBody(entry) }
  services.log.debug('object deleted', { key: entry.key })
  return { status, body: form.plainBody(() => deletedStatus(call, entry.object)) }
}

/** Both halves of admission; a deletion has no object to change. */
export function admitDelete(call: Call, old: KubeObject | undefined): Promise<void> | undefined {
  const { admission } = call.services
  const admitting = admission.admit('DELETE', undefined, old, call)
  if (admitting === undefined) return admission.validate('DELETE', undefined, old, call)
  return admitting.then(() => admission.validate('DELETE', undefined, old, call))
}

/** @throws StatusError BadRequest, Invalid */
export async function readDeleteOptions(call: Call): Promise<DeleteQuery> {
  return parseDeleteQuery(call, await readDeleteOptionsBody(call))
}

function deletedStatus(call: Call, { metadata }: KubeObject): Status {
  const { group, resource } = call.route.info
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: metadata.name, ...(group !== '' && { group }), kind: resource, uid: metadata.uid },
  }
}
