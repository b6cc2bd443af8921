import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import type { Call } from './call.ts'

/**
 * Gives an object the namespace of the request.
 * @throws StatusError BadRequest when it says another one
 */
export function adoptNamespace(call: Call, object: KubeObject): void {
  const { metadata } = object
  if (call.namespace === undefined) return
  if (metadata.namespace && metadata.namespace !== call.namespace) {
    throw newBadRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  metadata.namespace = call.namespace
}

/** @throws StatusError BadRequest when the object's name or namespace is not that of the URL */
export function checkNames(call: Call, { metadata }: KubeObject): void {
  const { name = '', namespace } = call
  if (!metadata.name) throw newBadRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  if (metadata.name !== name) {
    throw newBadRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  }
  if (namespace !== undefined && metadata.namespace && metadata.namespace !== namespace) {
    throw newBadRequest(`the namespace of the object (${metadata.namespace}) does not match the namespace on the request (${namespace})`)
  }
}
