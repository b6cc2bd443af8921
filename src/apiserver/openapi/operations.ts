import type { GroupVersionKind, ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import type { Resource, Subresource, Verb } from '../registry/resource.ts'
import { patchDefinition } from './definitions.ts'
import {
  deleteParameters,
  listParameters,
  namePathParameter,
  namespacePathParameter,
  type Parameter,
  patchParameters,
  pretty,
  restPathParameter,
  writeParameters,
} from './parameters.ts'

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'options' | 'head'

/** One operation on one path, in no version of OpenAPI yet. */
export interface Operation {
  method: Method
  id: string
  tag: string
  description: string
  action: string
  gvk: GroupVersionKind
  parameters: readonly Parameter[]
  /** Definition of the body. */
  body?: string
  bodyTypes?: readonly string[]
  /** Definitions of the answers by status; undefined for text. */
  responses: Record<number, string | undefined>
}

export interface PathOperations {
  path: string
  parameters: readonly Parameter[]
  operations: Operation[]
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const statusDefinition = `${meta}.Status`
const deleteOptionsDefinition = `${meta}.DeleteOptions`

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

/** One version of one resource, as it is served. */
export interface ServedResource {
  resource: Resource
  info: ResourceInfo
}

/** Every version of every resource. */
export function servedResources(resources: Iterable<Resource>): ServedResource[] {
  return [...resources].flatMap(resource => [
    { resource, info: resource.info },
    ...(resource.otherVersions ?? []).map(({ info }) => ({ resource, info })),
  ])
}

/** All paths of a resource, with what can be done there. */
export function pathsOf({ resource, info }: ServedResource): PathOperations[] {
  const base = info.group === '' ? `/api/${info.version}` : `/apis/${info.group}/${info.version}`
  const collection = info.namespaced ? `${base}/namespaces/{namespace}/${info.resource}` : `${base}/${info.resource}`
  const namespaceParameters = info.namespaced ? [namespacePathParameter] : []
  const makers = new OperationMaker(info)
  const can = (verb: Verb) => resource.verbs === undefined || resource.verbs.includes(verb)
  const paths: PathOperations[] = [
    {
      path: collection,
      parameters: [...namespaceParameters, pretty],
      operations: [
        ...(can('list') ? [makers.list('')] : []),
        ...(can('create') ? [makers.create()] : []),
        ...(can('deletecollection') ? [makers.deleteCollection()] : []),
      ],
    },
    {
      path: `${collection}/{name}`,
      parameters: [namePathParameter(info.kind), ...namespaceParameters, pretty],
      operations: [
        ...(can('get') ? [makers.read('')] : []),
        ...(can('update') ? [makers.replace('')] : []),
        ...(can('delete') ? [makers.delete()] : []),
        ...(can('patch') ? [makers.patch('')] : []),
      ],
    },
  ]
  if (info.namespaced && can('list')) {
    paths.push({ path: `${base}/${info.resource}`, parameters: [pretty], operations: [makers.list('ForAllNamespaces')] })
  }
  for (const [name, subresource] of Object.entries(resource.subresources ?? {})) {
    const path = `${collection}/{name}/${name}`
    const parameters = [namePathParameter(info.kind), ...namespaceParameters]
    paths.push({ path, parameters: [...parameters, pretty], operations: makers.subresource(name, subresource, '') })
    if (name === 'proxy') {
      const operations = makers.subresource(name, subresource, 'WithPath')
      paths.push({ path: `${path}/{path}`, parameters: [...parameters, restPathParameter], operations })
    }
  }
  return paths.filter(({ operations }) => operations.length > 0)
}

/** `rbac.authorization.k8s.io` → `RbacAuthorization`, '' → `Core`. */
function groupTitle(group: string): string {
  const words = group === '' ? ['core'] : group.replace(/\.k8s\.io$/, '').split('.')
  return words.map(title).join('')
}

function title(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** What sets an operation apart; `suffix` is the end of its id. */
type OperationDetails = Pick<Operation, 'action' | 'parameters' | 'responses'> &
  Partial<Pick<Operation, 'body' | 'bodyTypes' | 'gvk'>> & { suffix?: string }

class OperationMaker {
  readonly #info: ResourceInfo
  readonly #tag: string
  readonly #group: string

  constructor(info: ResourceInfo) {
    this.#info = info
    const group = groupTitle(info.group)
    this.#group = group + title(info.version)
    this.#tag = `${group.charAt(0).toLowerCase()}${group.slice(1)}_${info.version}`
  }

  /** @param verb `list`, or with the word that stands before the scope: `delete Collection` */
  #make(method: Method, verb: string, { suffix = '', ...details }: OperationDetails): Operation {
    const { kind, group, version, namespaced } = this.#info
    const scope = namespaced && suffix !== 'ForAllNamespaces' ? 'Namespaced' : ''
    const [verbWord, extra = ''] = verb.split(' ')
    const subject = extra === 'Collection' ? `a collection of ${kind}` : `${kind}${suffix === '' ? '' : ` (${suffix})`}`
    return {
      method,
      id: `${verbWord}${this.#group}${extra}${scope}${kind}${suffix}`,
      tag: this.#tag,
      description: `${verbWord} ${subject}`,
      gvk: { group, kind, version },
      ...details,
    }
  }

  list(suffix: '' | 'ForAllNamespaces'): Operation {
    const responses = { 200: `${this.#info.schema}List` }
    return this.#make('get', 'list', { action: 'list', parameters: listParameters, responses, suffix })
  }

  create(): Operation {
    const { schema } = this.#info
    const responses = { 200: schema, 201: schema, 202: schema }
    return this.#make('post', 'create', { action: 'post', parameters: writeParameters, responses, body: schema })
  }

  deleteCollection(): Operation {
    const parameters = [...deleteParameters, ...listParameters.filter(({ name }) => name !== 'watch' && name !== 'allowWatchBookmarks')]
    const responses = { 200: statusDefinition }
    return this.#make('delete', 'delete Collection', { action: 'deletecollection', parameters, responses, body: deleteOptionsDefinition })
  }

  delete(): Operation {
    const responses = { 200: statusDefinition, 202: statusDefinition }
    return this.#make('delete', 'delete', { action: 'delete', parameters: deleteParameters, responses, body: deleteOptionsDefinition })
  }

  read(suffix: string): Operation {
    return this.#make('get', 'read', { action: 'get', parameters: [], responses: { 200: this.#info.schema }, suffix })
  }

  replace(suffix: string): Operation {
    const { schema } = this.#info
    const responses = { 200: schema, 201: schema }
    return this.#make('put', 'replace', { action: 'put', parameters: writeParameters, responses, body: schema, suffix })
  }

  patch(suffix: string): Operation {
    const { schema } = this.#info
    const body = { body: patchDefinition, bodyTypes: patchTypes }
    return this.#make('patch', 'patch', {
      action: 'patch',
      parameters: patchParameters,
      responses: { 200: schema, 201: schema },
      ...body,
      suffix,
    })
  }

  subresource(name: string, subresource: Subresource, withPath: '' | 'WithPath'): Operation[] {
    const suffix = title(name)
    switch (subresource.type) {
      case 'update':
        return [this.read(suffix), this.replace(suffix), this.patch(suffix)]
      case 'create': {
        const { kind: gvk, schema } = subresource
        const responses = { 200: schema, 201: schema, 202: schema }
        const options = { action: 'post', parameters: writeParameters, responses, body: schema, gvk, suffix }
        return [this.#make('post', 'create', options)]
      }
      case 'connect':
        return subresource.methods.map(text => {
          const method = text.toLowerCase() as Method
          const verb = subresource.verb === 'get' ? 'read' : `connect ${title(method)}`
          const options = { action: subresource.verb ?? 'connect', parameters: [], responses: { 200: undefined }, gvk: subresource.kind }
          return this.#make(method, verb, { ...options, suffix: suffix + withPath })
        })
    }
  }
}
