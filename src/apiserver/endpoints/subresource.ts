import { apiVersionOf } from '#apimachinery/resource/resource-info.ts'
import type { Strategy, Subresource } from '../registry/resource.ts'
import type { APIResponse } from '../request/api-response.ts'
import { readObject } from './body.ts'
import type { Call } from './call.ts'
import { ConnectCall } from './connect-call.ts'
import { get } from './get.ts'
import { newNotAllowed } from './not-served.ts'
import { patch } from './patch.ts'
import { update } from './update.ts'
import { parseWriteQuery } from './write-options.ts'

/** Any request to a subresource. */
export function serveSubresource(call: Call, subresource: Subresource): Promise<APIResponse> | APIResponse {
  switch (subresource.type) {
    case 'update':
      return serveUpdate(call, subresource.strategy as unknown as Strategy)
    case 'create':
      if (call.apiRequest.method !== 'POST') throw newNotAllowed()
      return createSubresource(call, subresource)
    case 'connect':
      return connect(call, subresource)
  }
}

function serveUpdate(call: Call, strategy: Strategy): Promise<APIResponse> | APIResponse {
  switch (call.verb) {
    case 'get':
      return get(call)
    case 'update':
      return update(call, strategy)
    case 'patch':
      return patch(call, strategy)
    default:
      throw newNotAllowed()
  }
}

async function createSubresource(call: Call, subresource: Subresource & { type: 'create' }): Promise<APIResponse> {
  const form = call.form()
  const { fieldValidation } = parseWriteQuery(call, 'CreateOptions')
  const { services } = call
  const { kind, schema } = subresource
  const body = await readObject(call, {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    schema: services.schemas.get(schema),
    fieldValidation,
  })
  if (call.namespace !== undefined) body.metadata.namespace ||= call.namespace
  await services.admission.admit('CREATE', body, undefined, call)
  await services.admission.validate('CREATE', body, undefined, call)
  const answer = await subresource.create(body, call.name!, call)
  return { status: 201, body: form.plainBody(() => answer) }
}

async function connect(call: Call, subresource: Subresource & { type: 'connect' }): Promise<APIResponse> {
  const method = call.apiRequest.method === 'HEAD' ? 'GET' : call.apiRequest.method
  if (!subresource.methods.includes(method)) throw newNotAllowed()
  await call.services.admission.admit('CONNECT', undefined, undefined, call)
  await call.services.admission.validate('CONNECT', undefined, undefined, call)
  const context = new ConnectCall(call)
  return { status: 200, body: { type: 'taken', done: subresource.connect(call.name!, context) } }
}
