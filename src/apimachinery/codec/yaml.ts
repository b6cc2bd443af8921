import { defineScalarTag, loadAll, mapTag, mergeTag, NOT_RESOLVED, Schema, seqTag, strTag, YAMLException } from 'js-yaml'
import { deepCopy, parseWithoutPrototypes } from '../value/json-value.ts'
import { type PlainScalar, resolvePlain } from './yaml-scalars.ts'

export { printYAML } from './yaml-print.ts'

/** The text is no YAML. */
export class YAMLError extends Error {
  override readonly name = 'YAMLError'
}

function plainTag(name: string, types: readonly PlainScalar['type'][], implicitFirstChars: readonly string[] | null) {
  return defineScalarTag<unknown>(`tag:yaml.org,2002:${name}`, {
    implicit: true,
    implicitFirstChars,
    resolve: source => {
      const scalar = resolvePlain(source)
      return types.includes(scalar.type) ? scalar.value : NOT_RESOLVED
    },
    identify: () => false,
  })
}

const digits = Array.from('0123456789+-.')
const textOnly = (name: string, resolve: (source: string) => string) =>
  defineScalarTag<string>(`tag:yaml.org,2002:${name}`, { resolve, identify: () => false })

const schema = new Schema([
  strTag,
  seqTag,
  mapTag,
  plainTag('null', ['null'], ['', '~', 'n', 'N']),
  plainTag('bool', ['bool'], Array.from('yYnNtTfFoO')),
  plainTag('int', ['int'], digits),
  plainTag('float', ['float', 'int'], digits),
  mergeTag,
  textOnly('timestamp', source => source),
  textOnly('binary', source => Buffer.from(source, 'base64').toString()),
])

/** Values that aliases make more of than this are refused: a small text could fill the memory. */
const expandedNodesMax = 1_000_000

/**
 * Reads all documents as kubectl does: YAML 1.1 scalars (`yes` is true, `0644` is 420), later duplicate keys win, keys become text. Empty
 * documents are left out, keys named `__proto__` ignored. JSON is YAML, and read faster.
 * @throws YAMLError
 */
export function parseYAML(text: string): unknown[] {
  if (/^\s*[{[]/.test(text)) {
    const value = parseAsJSON(text)
    if (value !== undefined) return [value]
  }
  let documents: unknown[]
  try {
    documents = loadAll(text, { schema, json: true })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark === undefined ? '' : `line ${error.mark.line + 1}: `
    throw new YAMLError(`error converting YAML to JSON: yaml: ${line}${error.reason}`, { cause: error })
  }
  const budget = { nodes: expandedNodesMax }
  if (text.includes('*')) for (const document of documents) countNodes(document, budget)
  // Aliases share objects, and the name may be written with escapes.
  const mayShare = text.includes('*') || text.includes('__proto__') || text.includes('\\')
  return documents
    .filter(document => document !== null && document !== undefined)
    .map(document => (mayShare ? deepCopy(document) : document))
}

function parseAsJSON(text: string): unknown {
  try {
    return parseWithoutPrototypes(text)
  } catch {
    return undefined
  }
}

function countNodes(value: unknown, budget: { nodes: number }): void {
  if (--budget.nodes < 0) throw new YAMLError('error converting YAML to JSON: yaml: document contains excessive aliasing')
  if (typeof value !== 'object' || value === null) return
  for (const key in value) countNodes((value as Record<string, unknown>)[key], budget)
}
