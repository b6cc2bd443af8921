import { newBadRequest, newGenericServerResponse, newRequestEntityTooLarge } from '../status/status.ts'
import { quote } from '../text/quote.ts'
import { deepCopy, deepEqual, isObject, type JSONObject } from '../value/json-value.ts'
import { kindOf } from '../codec/scalars.ts'

const operationsMax = 10_000
const copiedBytesMax = 3 * 1024 * 1024

interface Operation {
  op: string
  path: string
  from: string
  value: unknown
  hasValue: boolean
}

/** An operation does not fit the document. Clients only learn that the patch was not processable; the text is for the log. */
class PatchFault extends Error {}

/**
 * Applies an RFC 6902 patch to a copy of `original`. As the Go library that upstream uses: negative indices count from the end, the whole
 * document cannot be the target. Nothing named `__proto__` can be touched.
 * @throws StatusError BadRequest for what is no patch, 413 for too many operations, 422 for operations that do not apply (`cause` tells why)
 */
export function applyJSONPatch<T extends object>(original: T, patch: unknown): T {
  const operations = decodePatch(patch)
  const document = deepCopy(original) as JSONObject
  const budget = { bytes: copiedBytesMax }
  try {
    for (const operation of operations) applyOperation(document, operation, budget)
  } catch (error) {
    if (!(error instanceof PatchFault)) throw error
    const refusal = newGenericServerResponse(422, '', { group: '', resource: '' }, '', error.message, 0, false)
    refusal.cause = error
    throw refusal
  }
  return document as T
}

function decodePatch(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) {
    throw newBadRequest(`json: cannot unmarshal ${kindOf(patch)} into Go value of type jsonpatch.Patch`)
  }
  if (patch.length > operationsMax) {
    throw newRequestEntityTooLarge(`The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`)
  }
  return patch.map(item => {
    if (!isObject(item)) throw newBadRequest(`json: cannot unmarshal ${kindOf(item)} into Go value of type jsonpatch.Operation`)
    const text = (name: string) => (typeof item[name] === 'string' ? item[name] : '')
    return { op: text('op'), path: text('path'), from: text('from'), value: item['value'] ?? null, hasValue: item['value'] !== undefined }
  })
}

function applyOperation(document: JSONObject, operation: Operation, budget: { bytes: number }): void {
  const { op, path } = operation
  switch (op) {
    case 'add':
      locate(document, path, op).add(deepCopy(operation.value))
      return
    case 'remove':
      locate(document, path, op).remove()
      return
    case 'replace': {
      const place = locate(document, path, op)
      place.get()
      place.set(deepCopy(operation.value))
      return
    }
    case 'move': {
      const source = locate(document, operation.from, op)
      const value = source.get()
      source.remove()
      locate(document, path, op).add(value)
      return
    }
    case 'copy': {
      const value = deepCopy(locate(document, operation.from, op).get())
      budget.bytes -= JSON.stringify(value).length
      if (budget.bytes < 0) throw new PatchFault(`Unable to complete the copy, the accumulated size increase is over the limit`)
      locate(document, path, op).add(value)
      return
    }
    case 'test': {
      const found = locate(document, path, op).peek()
      if (!deepEqual(found ?? null, operation.value)) throw new PatchFault(`testing value ${path} failed`)
      return
    }
    default:
      throw new PatchFault(`Unexpected kind: ${op}`)
  }
}

/** A place in the document that an operation acts on. */
interface Place {
  /** undefined when there is nothing. */
  peek(): unknown
  /** Throws when there is nothing. */
  get(): unknown
  add(value: unknown): void
  set(value: unknown): void
  remove(): void
}

function locate(document: JSONObject, path: string, op: string): Place {
  const missing = () => new PatchFault(`${op} operation does not apply: doc is missing path: ${quote(path)}`)
  const tokens = path.split('/').map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (tokens.length < 2 || tokens[0] !== '' || tokens.includes('__proto__')) throw missing()
  let container: unknown = document
  for (const token of tokens.slice(1, -1)) {
    if (Array.isArray(container)) container = container[arrayIndex(token, container.length)]
    else if (isObject(container) && Object.hasOwn(container, token)) container = container[token]
    else throw missing()
  }
  const key = tokens.at(-1)!
  if (Array.isArray(container)) return arrayPlace(container, key, missing)
  if (isObject(container)) return objectPlace(container, key, missing)
  throw missing()
}

function objectPlace(container: JSONObject, key: string, missing: () => PatchFault): Place {
  const get = () => {
    if (!Object.hasOwn(container, key)) throw missing()
    return container[key]
  }
  const set = (value: unknown) => {
    container[key] = value
  }
  return {
    peek: () => (Object.hasOwn(container, key) ? container[key] : undefined),
    get,
    add: set,
    set,
    remove: () => {
      get()
      delete container[key]
    },
  }
}

function arrayPlace(container: unknown[], key: string, missing: () => PatchFault): Place {
  const existing = () => {
    const index = key === '-' ? -1 : arrayIndex(key, container.length)
    if (index < 0 || index >= container.length) throw missing()
    return index
  }
  return {
    peek: () => container[existing()],
    get: () => container[existing()],
    add: value => {
      const index = key === '-' ? container.length : arrayIndex(key, container.length + 1)
      if (index < 0 || index > container.length) throw missing()
      container.splice(index, 0, value)
    },
    set: value => {
      container[existing()] = value
    },
    remove: () => {
      container.splice(existing(), 1)
    },
  }
}

/** A negative index counts from the end. */
function arrayIndex(token: string, length: number): number {
  if (!/^-?\d{1,9}$/.test(token)) throw new PatchFault(`strconv.Atoi: parsing ${quote(token)}: invalid syntax`)
  const index = Number(token)
  return index < 0 ? index + length : index
}
