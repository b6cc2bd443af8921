import type { Verb } from '../registry/resource.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { create } from './create.ts'
import { remove } from './delete.ts'
import { deleteCollection } from './deletecollection.ts'
import { get } from './get.ts'
import { list } from './list.ts'
import { newNoSuchPath, newNotAllowed } from './not-served.ts'
import { patch } from './patch.ts'
import { serveSubresource } from './subresource.ts'
import { update } from './update.ts'
import { watch } from './watch.ts'

type Endpoint = (call: Call) => Promise<APIResponse> | APIResponse

const objectEndpoints: Partial<Record<string, Endpoint>> = { get, update: call => update(call), patch: call => patch(call), delete: remove }
const collectionEndpoints: Partial<Record<string, Endpoint>> = { list, watch, create, deletecollection: deleteCollection }

/**
 * Serves a request to a resource.
 * @throws StatusError (or rejects with it)
 */
export function dispatch(call: Call): Promise<APIResponse> | APIResponse {
  const { info, route } = call
  if (route.info.namespaced && info.namespace === '' && !isCollection(info.verb)) {
    if (info.name === '') throw newNotAllowed()
    throw newNoSuchPath()
  }
  const { deprecation } = route.resource
  if (deprecation !== undefined) call.warn(deprecation)
  if (info.subresource !== '') {
    const subresource = route.resource.subresources?.[info.subresource]
    if (subresource === undefined) throw newNoSuchPath()
    return serveSubresource(call, subresource)
  }
  const endpoint = isObjectRequest(call) ? objectEndpoints[info.verb] : collectionEndpoints[info.verb]
  if (endpoint === undefined || !isServed(call, info.verb as Verb)) throw newNotAllowed()
  return endpoint(call)
}

/** Lists and watches have a name too when their field selector asks for one. */
function isObjectRequest({ info }: Call): boolean {
  return info.name !== '' && !isCollection(info.verb)
}

function isCollection(verb: string): boolean {
  return verb === 'list' || verb === 'watch' || verb === 'deletecollection'
}

function isServed({ route }: Call, verb: Verb): boolean {
  const { verbs } = route.resource
  if (verbs !== undefined) return verbs.includes(verb)
  return route.store !== undefined || verb === 'create'
}
