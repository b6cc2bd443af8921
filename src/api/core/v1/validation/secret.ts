import { type FieldError, invalid, path, required, tooLong } from '#apimachinery/validation/field-error.ts'
import { isConfigMapKey, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import type { Secret } from '../types.gen.ts'
import { serviceAccountNameAnnotation } from '../well-known.ts'
import { base64Bytes, dataBytesMax, validateUnchanged } from './config-map.ts'
import { validateCoreMeta, validateCoreMetaUpdate, validateImmutable } from './names.ts'

const dataPath = path('data')

export function validateSecret(secret: Secret): FieldError[] {
  const errors = validateCoreMeta(secret.metadata, { namespaced: true, nameFn: nameIsDNSSubdomain })
  let bytes = 0
  for (const [key, value] of Object.entries(secret.data ?? {})) {
    errors.push(...isConfigMapKey(key).map(message => invalid(dataPath.key(key), key, message)))
    bytes += base64Bytes(value)
  }
  if (bytes > dataBytesMax) errors.push(tooLong(dataPath, '', dataBytesMax))
  return [...errors, ...validateType(secret)]
}

/** What each of the built-in types must have. */
function validateType({ type, data = {}, metadata }: Secret): FieldError[] {
  const missing = (...keys: string[]) => keys.filter(key => data[key] === undefined).map(key => required(dataPath.key(key)))
  switch (type) {
    case 'kubernetes.io/service-account-token':
      return metadata.annotations?.[serviceAccountNameAnnotation]
        ? []
        : [required(path('metadata', 'annotations').key(serviceAccountNameAnnotation))]
    case 'kubernetes.io/dockercfg':
      return validateJSON('.dockercfg', data)
    case 'kubernetes.io/dockerconfigjson':
      return validateJSON('.dockerconfigjson', data)
    case 'kubernetes.io/basic-auth':
      return data['username'] === undefined && data['password'] === undefined ? missing('username', 'password') : []
    case 'kubernetes.io/ssh-auth':
      return data['ssh-privatekey'] ? [] : [required(dataPath.key('ssh-privatekey'))]
    case 'kubernetes.io/tls':
      return missing('tls.crt', 'tls.key')
    default:
      return []
  }
}

function validateJSON(key: string, data: Record<string, string>): FieldError[] {
  const encoded = data[key]
  if (encoded === undefined) return [required(dataPath.key(key))]
  const text = Buffer.from(encoded, 'base64').toString()
  const problem = jsonObjectProblem(text)
  return problem === undefined ? [] : [invalid(dataPath.key(key), '<secret contents redacted>', problem)]
}

/** In the words of Go's decoder where it has simple ones. */
function jsonObjectProblem(text: string): string | undefined {
  if (text.trim() === '') return 'unexpected end of JSON input'
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && !Array.isArray(value)) return undefined
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${found} into Go value of type map[string]interface {}`
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    // The parser's own message would show a piece of the secret.
    if (/^Unexpected end/.test(error.message)) return 'unexpected end of JSON input'
    return 'invalid character looking for beginning of value'
  }
}

export function validateSecretUpdate(now: Secret, old: Secret): FieldError[] {
  const errors = [...validateCoreMetaUpdate(now.metadata, old.metadata), ...validateImmutable(now.type, old.type, path('type'))]
  if (old.immutable === true) errors.push(...validateUnchanged(now, old, ['data']))
  return [...errors, ...validateSecret(now)]
}
