/**
 * Generates the TypeScript types and the schema tables of the API groups from the protobuf and Go files of Debian's golang-k8s-*-dev
 * packages. Only facts are taken (names, types, numbers, markers); descriptions stay out of the repository.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { unpackDebianPackage } from './debian-package.ts'

/** Folder under k8s.io → folder under src. */
const groups: Record<string, string> = {
  'apimachinery/pkg/apis/meta/v1': 'apimachinery/meta/v1',
  'api/core/v1': 'api/core/v1',
  'api/events/v1': 'api/events/v1',
  'api/coordination/v1': 'api/coordination/v1',
  'api/discovery/v1': 'api/discovery/v1',
  'api/rbac/v1': 'api/rbac/v1',
  'api/policy/v1': 'api/policy/v1',
  'api/authentication/v1': 'api/authentication/v1',
  'api/authorization/v1': 'api/authorization/v1',
  'api/apidiscovery/v2': 'api/apidiscovery/v2',
}

/** Messages with a JSON form of their own. */
const scalars: Record<string, string> = {
  'k8s.io.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': 'int-or-string',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime': 'micro-time',
  'k8s.io.apimachinery.pkg.apis.meta.v1.Duration': 'duration',
  'k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1': 'fields-v1',
  'k8s.io.apimachinery.pkg.runtime.RawExtension': 'any',
}
const wireOnly = new Set([
  'Time',
  'MicroTime',
  'Duration',
  'FieldsV1',
  'Timestamp',
  'Verbs',
  'WatchEvent',
  'Patch',
  'List',
  'TypeMeta',
  'ListOptions',
  'RootPaths',
  'TableOptions',
  'ExtraValue',
])
const protoScalars: Record<string, string> = {
  string: 'string',
  bool: 'boolean',
  int32: 'int32',
  int64: 'int64',
  double: 'double',
  bytes: 'bytes',
}
const scalarTypes: Record<string, string> = {
  string: 'string',
  boolean: 'boolean',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bytes: 'string',
  quantity: 'string',
  'int-or-string': 'number | string',
  time: 'string',
  'micro-time': 'string',
  duration: 'string',
  'fields-v1': 'Record<string, unknown>',
  any: 'unknown',
}

const structScalars = new Set(['time', 'micro-time', 'quantity'])

interface GoField {
  json: string
  inline: boolean
  optional: boolean
  omitsZero: boolean
  pointer: boolean
  typeName: string
}
interface GoStruct {
  fields: Map<number, GoField>
  root: boolean
}

const gocode = 'usr/share/gocode/src/k8s.io'
const roots = ['golang-k8s-api-dev', 'golang-k8s-apimachinery-dev'].map(name => join(unpackDebianPackage(name), gocode))

function locate(path: string): string {
  const found = roots.map(root => join(root, path)).find(candidate => existsSync(candidate))
  if (found === undefined) throw new Error(`"${path}" is in none of the packages`)
  return found
}

/** What only the Go types tell: JSON names, embedded structs, pointers, kinds. */
function readGoStructs(folder: string): Map<string, GoStruct> {
  const structs = new Map<string, GoStruct>()
  for (const file of readdirSync(folder).filter(
    name => name.endsWith('.go') && !name.endsWith('_test.go') && !name.startsWith('zz_') && !name.startsWith('generated'),
  )) {
    const source = readFileSync(join(folder, file), 'utf8')
    for (const [, name, body] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      const fields = new Map<number, GoField>()
      for (const line of body!.split('\n')) {
        const number = line.match(/protobuf:"\w+,(\d+)/)?.[1]
        const json = line.match(/json:"([^"]*)"/)?.[1]
        if (number === undefined || json === undefined) continue
        const words = line.trim().split(/\s+/)
        const typeName = words[1]!.startsWith('`') ? words[0]! : words[1]!
        const [jsonName = '', ...flags] = json.split(',')
        fields.set(Number(number), {
          json: jsonName,
          inline: flags.includes('inline'),
          optional: flags.includes('omitempty') || flags.includes('omitzero'),
          omitsZero: flags.includes('omitzero'),
          pointer: typeName.startsWith('*'),
          typeName,
        })
      }
      structs.set(name!, { fields, root: /(metav1\.)?TypeMeta\s+`json:",inline"/.test(body!) })
    }
  }
  return structs
}

interface Field {
  json: string
  schema: Record<string, unknown>
  type: string
}

const root = new protobuf.Root()
root.resolvePath = (_origin, target) => locate(target.replace(/^k8s\.io\//, ''))
for (const folder of Object.keys(groups)) root.loadSync(`k8s.io/${folder}/generated.proto`, { keepCase: true, alternateCommentMode: true })
root.resolveAll()

const goStructs = new Map(Object.keys(groups).map(folder => [folder, readGoStructs(locate(folder))]))
const packageOf = (folder: string) => `k8s.io.${folder.replaceAll('/', '.')}`
const folderOf = (message: protobuf.Type) => Object.keys(groups).find(folder => `.${packageOf(folder)}` === message.parent!.fullName)
const openAPIName = (fullName: string) => fullName.replace(/^\.?k8s\.io/, 'io.k8s')

function markersOf(comment: string | null | undefined): Record<string, string[]> {
  const markers: Record<string, string[]> = {}
  for (const [, name, value] of (comment ?? '').matchAll(/^\s*\+([\w:]+)(?:=(.*))?$/gm)) (markers[name!] ??= []).push((value ?? '').trim())
  return markers
}

function typeOf(field: protobuf.Field | protobuf.Type): string {
  if (field instanceof protobuf.Type)
    return (
      scalars[field.fullName.slice(1)] ??
      (field.name === 'ExtraValue' || field.name === 'Verbs' ? 'string-list' : openAPIName(field.fullName))
    )
  if (field.resolvedType instanceof protobuf.Type) return typeOf(field.resolvedType)
  const type = protoScalars[field.type]
  if (type === undefined) throw new Error(`${field.fullName}: no JSON type is known for "${field.type}"`)
  return type
}

function fieldsOf(message: protobuf.Type): Field[] {
  const folder = folderOf(message)
  const struct = folder === undefined ? undefined : goStructs.get(folder)!.get(message.name)
  return message.fieldsArray.flatMap(field => {
    const go = struct?.fields.get(field.id)
    if (go?.inline) {
      return fieldsOf(field.resolvedType as protobuf.Type).map(inner => ({ ...inner, schema: { ...inner.schema, inline: field.id } }))
    }
    const json = go?.json ?? field.name
    const markers = markersOf(field.comment)
    let type = typeOf(field)
    const schema: Record<string, unknown> = { number: field.id, type }
    if (field.map) schema.shape = 'map'
    else if (field.repeated) schema.shape = 'list'
    if (go !== undefined && !go.optional && markers.optional === undefined) schema.required = true
    const isMessage = type.includes('.')
    // Go's omitempty leaves out no struct, and these scalars are structs there.
    const isStruct = isMessage || structScalars.has(type)
    if (go !== undefined && isStruct && !field.repeated && !field.map && !go.pointer && !go.omitsZero) schema.embedded = true
    const isPlain = !isStruct && !field.repeated && !field.map && go?.pointer === false
    if (isPlain && !go.optional && !go.inline && schema.required === undefined) schema.shown = true
    if (go?.pointer && !isMessage && !field.repeated && !field.map) schema.pointer = true
    if (markers.listType) schema.listType = markers.listType[0]
    if (markers.listMapKey) schema.listMapKeys = markers.listMapKey
    if (markers.mapType?.[0] === 'atomic' || markers.structType?.[0] === 'atomic') schema.mapType = 'atomic'
    if (markers.patchStrategy) schema.patchStrategy = markers.patchStrategy[0]
    if (markers.patchMergeKey) schema.patchMergeKey = markers.patchMergeKey[0]
    if (markers.default && !markers.default[0]!.startsWith('ref(')) schema.default = JSON.parse(markers.default[0]!)
    if (type === 'string-list') {
      type = schema.type = 'string'
      schema.shape = 'list'
      schema.wrapped = true
      // Extra values are a map of lists; no schema of ours needs to look inside them.
      if (field.map) Object.assign(schema, { type: (type = 'any'), shape: 'map' })
    }
    return [{ json, schema, type }]
  })
}

function tsType(field: Field, folder: string, imports: Map<string, Set<string>>): string {
  let type = scalarTypes[field.type]
  if (type === undefined) {
    const parts = field.type.split('.')
    const name = parts.pop()!
    const owner = Object.keys(groups).find(candidate => openAPIName(packageOf(candidate)) === parts.join('.'))
    if (owner === undefined) throw new Error(`"${field.type}" belongs to no generated group`)
    if (owner !== folder) imports.set(owner, (imports.get(owner) ?? new Set()).add(name))
    type = name
  }
  if (field.schema.shape === 'list') return type.includes('|') ? `(${type})[]` : `${type}[]`
  if (field.schema.shape === 'map') return `Record<string, ${type}>`
  return type
}

const key = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`)
const header = '// Generated by `npm run generate`; do not edit.\n'

for (const [folder, target] of Object.entries(groups)) {
  const namespace = root.lookup(packageOf(folder)) as protobuf.Namespace
  const messages = namespace.nestedArray.filter(
    (nested): nested is protobuf.Type => nested instanceof protobuf.Type && !wireOnly.has(nested.name),
  )
  const imports = new Map<string, Set<string>>()
  const types: string[] = []
  const schemas: string[] = []
  for (const message of messages) {
    const fields = fieldsOf(message)
    const isRoot = goStructs.get(folder)!.get(message.name)?.root === true
    const lines = fields.map(field => {
      const required =
        field.schema.required === true ||
        (field.schema.embedded === true && (field.json === 'metadata' || (isRoot && field.json === 'spec'))) ||
        (message.name === 'ObjectMeta' && field.json === 'name')
      const orNull = field.schema.embedded === true && field.type.endsWith('time') ? ' | null' : ''
      return `  ${key(field.json)}${required ? '' : '?'}: ${tsType(field, folder, imports)}${orNull}${required ? '' : ' | undefined'}`
    })
    if (isRoot) lines.unshift('  apiVersion: string', '  kind: string')
    types.push(`export interface ${message.name} {\n${lines.join('\n')}\n}\n`)
    const entries = fields.map(field => `    ${key(field.json)}: ${literal(field.schema)},`)
    const rootKind = isRoot ? '    root: true,\n' : ''
    const structType = markersOf(message.comment).structType?.[0] === 'atomic' ? "    structType: 'atomic',\n" : ''
    schemas.push(
      `  '${openAPIName(message.fullName)}': {\n${rootKind}${structType}    fields: {\n${entries.map(entry => `  ${entry}`).join('\n')}\n    },\n  },\n`,
    )
  }
  const out = join(import.meta.dirname, '../../src', target)
  mkdirSync(out, { recursive: true })
  const importLines = [...imports]
    .map(([owner, names]) => `import type { ${[...names].sort().join(', ')} } from '#${groups[owner]}/types.gen.ts'\n`)
    .join('')
  writeFileSync(join(out, 'types.gen.ts'), `${header}${importLines}\n${types.join('\n')}`)
  const schemaImport = "import type { MessageSchema } from '#apimachinery/schema/schema.ts'\n\n"
  writeFileSync(
    join(out, 'schema.gen.ts'),
    `${header}${schemaImport}export const schemas: Record<string, Omit<MessageSchema, 'name'>> = {\n${schemas.join('')}}\n`,
  )
}

function literal(schema: Record<string, unknown>): string {
  return `{ ${Object.entries(schema)
    .map(([name, value]) => `${name}: ${JSON.stringify(value).replace(/"([^"\\]*)"/g, "'$1'")}`)
    .join(', ')} }`
}
