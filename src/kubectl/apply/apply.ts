import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { isObject } from '#apimachinery/value/json-value.ts'
import type { Client } from '#client/client.ts'
import { refOf } from '#client/rest-client.ts'

/** What `kubectl apply` compares with next time; written here too, so that both can be used on the same object. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

const strictly = { fieldValidation: 'Strict' } as const

export type ApplyOutcome = 'created' | 'configured' | 'unchanged'

/**
 * Makes the object exist as given: creates it, or applies it on the server. Fields that others have set and the manifest does not mention
 * stay; fields that do not exist are refused.
 * @throws StatusError
 */
export async function applyObject(
  client: Client,
  object: KubeObject,
  signal: AbortSignal,
): Promise<{ object: KubeObject; outcome: ApplyOutcome }> {
  const ref = refOf(object)
  let before: KubeObject
  try {
    before = await client.get(ref, signal)
  } catch (error) {
    if (!isNotFound(error)) throw error
    return {
      object: await client.create(withLastApplied(object), signal, { fieldManager: 'kubectl-client-side-apply', ...strictly }),
      outcome: 'created',
    }
  }
  const after = await client.patch(ref, { type: 'apply', body: withLastApplied(object), force: true }, signal, {
    fieldManager: 'cox',
    ...strictly,
  })
  return { object: after, outcome: isDeepStrictEqual(contentOf(after), contentOf(before)) ? 'unchanged' : 'configured' }
}

/** Whose field is whose may change without any change that people see. */
function contentOf(object: KubeObject): KubeObject {
  const { managedFields: _fields, resourceVersion: _version, ...metadata } = object.metadata
  return { ...object, metadata }
}

function withLastApplied(object: KubeObject): KubeObject {
  const { [lastAppliedAnnotation]: _before, ...annotations } = object.metadata.annotations ?? {}
  const applied = JSON.stringify(sorted({ ...object, metadata: { ...object.metadata, annotations } }))
  return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [lastAppliedAnnotation]: `${applied}\n` } } }
}

/** With keys in order, as kubectl writes them: otherwise it would have something to change. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  const keys = Object.keys(value).sort()
  return Object.fromEntries(keys.map(key => [key, sorted(value[key])]))
}
