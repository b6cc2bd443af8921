import { parseYAML, YAMLError } from '#apimachinery/codec/yaml.ts'
import { decodeValue } from '#apimachinery/codec/json.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import type { Strategy } from '../registry/resource.ts'
import type { APIResponse } from '../request/api-response.ts'
import type { Call } from './call.ts'
import { admitAndStore } from './create.ts'
import { adoptNamespace, checkNames } from './object-identity.ts'
import { parseWriteQuery } from './write-options.ts'

export const applyMediaType = 'application/apply-patch+yaml'

/** PATCH by server-side apply: the body says what its manager wants of the object, which is made when there is none. */
export async function apply(call: Call, strategy: Strategy): Promise<APIResponse> {
  const form = call.form()
  const { force } = parseWriteQuery(call, 'PatchOptions', true)
  const { route, services } = call
  const configuration = await readConfiguration(call)
  checkNames(call, configuration)
  adoptNamespace(call, configuration)
  let status = 200
  const applyTo = (live: KubeObject | undefined) => {
    const object = services.fields.apply(call, live, configuration, force === true)
    route.resource.strategy.applyDefaults?.(object)
    return object
  }
  const createMissing = () => {
    status = 201
    const object = applyTo(undefined)
    adoptNamespace(call, object)
    return admitAndStore(call, object)
  }
  const entry = await route.store!.updateEntry({
    namespace: call.namespace,
    name: call.name!,
    context: call,
    strategy,
    change: old => {
      const object = applyTo(old)
      const admitting = services.admission.admit('UPDATE', object, old, call)
      return admitting === undefined ? object : admitting.then(() => object)
    },
    validate: (finished, old) => services.admission.validate('UPDATE', finished, old, call),
    createMissing: call.subresource === undefined ? createMissing : undefined,
  })
  return { status, body: form.entryBody(entry) }
}

/** Fields that do not exist stay in it: however lenient the validation, the managers of fields refuse them in their own words. */
async function readConfiguration(call: Call): Promise<KubeObject> {
  const { route, services, apiRequest } = call
  const text = apiRequest.value === undefined ? (await apiRequest.readBody()).toString('utf8') : undefined
  const read = () => (text === undefined ? deepCopy(apiRequest.value) : parse(text))
  const { object: known, strictErrors } = decodeValue<KubeObject>(read(), {
    schema: route.schema,
    registry: services.schemas,
    mode: 'Strict',
    apiVersion: route.apiVersion,
    kind: route.info.kind,
    asGiven: true,
  })
  const object = strictErrors.length === 0 ? known : { ...(read() as KubeObject), apiVersion: known.apiVersion, kind: known.kind }
  object.metadata ??= {} as KubeObject['metadata']
  if (object.metadata.managedFields !== undefined) throw newBadRequest('metadata.managedFields must be nil')
  return object
}

function parse(text: string): unknown {
  try {
    return parseYAML(text)[0]
  } catch (error) {
    if (error instanceof YAMLError) throw newBadRequest(`error decoding YAML: ${error.message}`)
    throw error
  }
}
