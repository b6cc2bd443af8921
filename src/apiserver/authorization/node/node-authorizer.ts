import type { Pod } from '#api/core/v1/types.gen.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { StoreLookup } from '../../registry/resource.ts'
import type { AuthorizationAttributes, AuthorizationDecision, Authorizer, ResourceAttributes } from '../authorizer.ts'
import { nodeRules } from '../rbac/bootstrap-policy.ts'
import { ruleAllows } from '../rbac/policy-rules.ts'
import { nodeNameOf } from './node-identity.ts'
import { type PodReferences, podReferences } from './pod-references.ts'

const allow: AuthorizationDecision = { decision: 'allow', reason: '' }
const leaseNamespace = 'kube-node-lease'
const leaseVerbs: readonly string[] = ['get', 'create', 'update', 'patch', 'delete']

function noOpinion(reason = ''): AuthorizationDecision {
  return { decision: 'no-opinion', reason }
}

/**
 * What kubelets may do: a node reads the secrets, config maps and claims that its own pods name, its own Node, Lease and pods, and gets
 * tokens for the accounts of its pods. The NodeRestriction admission plugin limits what it writes. Behaviour: Node authorization mode.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #stores: StoreLookup

  constructor(stores: StoreLookup) {
    this.#stores = stores
  }

  authorize(attributes: AuthorizationAttributes): AuthorizationDecision {
    const nodeName = nodeNameOf(attributes.user)
    if (nodeName === undefined) return noOpinion()
    if (nodeName === '') return noOpinion(`unknown node for user ${quote(attributes.user.name)}`)
    return this.#authorizeNode(nodeName, attributes)
  }

  #authorizeNode(nodeName: string, attributes: AuthorizationAttributes): AuthorizationDecision {
    const own = attributes.isResourceRequest ? this.#authorizeOwn(nodeName, attributes) : undefined
    if (own !== undefined) return own
    return nodeRules.some(rule => ruleAllows(rule, attributes)) ? allow : noOpinion()
  }

  /** Undefined for resources that all nodes may use alike. */
  #authorizeOwn(nodeName: string, attributes: ResourceAttributes): AuthorizationDecision | undefined {
    switch (attributes.group === '' ? attributes.resource : `${attributes.resource}.${attributes.group}`) {
      case 'secrets':
        return this.#authorizeRead(nodeName, attributes, references => references.secrets)
      case 'configmaps':
        return this.#authorizeRead(nodeName, attributes, references => references.configMaps)
      case 'persistentvolumeclaims':
        return this.#authorizeClaim(nodeName, attributes)
      case 'serviceaccounts':
        return this.#authorizeToken(nodeName, attributes)
      case 'leases.coordination.k8s.io':
        return authorizeLease(nodeName, attributes)
      case 'nodes':
        return authorizeNode(nodeName, attributes)
      case 'pods':
        return this.#authorizePod(nodeName, attributes)
      default:
        return undefined
    }
  }

  #authorizeRead(
    nodeName: string,
    attributes: ResourceAttributes,
    namesIn: (references: PodReferences) => Set<string>,
  ): AuthorizationDecision {
    const { verb, subresource, namespace, name } = attributes
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion('can only read resources of this type')
    if (subresource !== '') return noOpinion('cannot read subresource')
    if (namespace === '') return noOpinion('can only read namespaced object of this type')
    return this.#authorizeRelated(nodeName, attributes, pod => namesIn(podReferences(pod)).has(name))
  }

  #authorizeClaim(nodeName: string, attributes: ResourceAttributes): AuthorizationDecision {
    const { verb, subresource, name } = attributes
    if (subresource === 'status') {
      if (verb !== 'update' && verb !== 'patch') return noOpinion('can only get/update/patch this type')
    } else {
      if (verb !== 'get') return noOpinion('can only get individual resources of this type')
      if (subresource !== '') return noOpinion('cannot get subresource')
    }
    return this.#authorizeRelated(nodeName, attributes, pod => podReferences(pod).persistentVolumeClaims.has(name))
  }

  #authorizeToken(nodeName: string, attributes: ResourceAttributes): AuthorizationDecision {
    const { verb, subresource, name } = attributes
    if (verb !== 'create' || name === '') return noOpinion('can only create tokens for individual service accounts')
    if (subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount')
    return this.#authorizeRelated(nodeName, attributes, pod => pod.spec?.serviceAccountName === name)
  }

  #authorizePod(nodeName: string, attributes: ResourceAttributes): AuthorizationDecision {
    const { verb, subresource, name, namespace, fieldSelector } = attributes
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? allow : noOpinion()
    if (subresource === 'eviction') return verb === 'create' ? allow : noOpinion()
    if (subresource !== '') return noOpinion()
    if (verb === 'create' || verb === 'delete') return allow
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion()
    if (name !== '') {
      const pod = this.#stores.of<Pod>({ group: '', resource: 'pods' }).peek(namespace, name)
      return pod?.spec?.nodeName === nodeName ? allow : unrelated(nodeName)
    }
    if (verb === 'get') return noOpinion('No Object name found')
    if (fieldSelector?.['spec.nodeName'] === nodeName) return allow
    return noOpinion('can only list/watch pods with spec.nodeName field selector')
  }

  /** Whether one of the node's pods in the namespace has to do with the object. */
  #authorizeRelated(nodeName: string, { namespace, name }: ResourceAttributes, isRelated: (pod: Pod) => boolean): AuthorizationDecision {
    if (name === '') return noOpinion('No Object name found')
    const pods = this.#stores.of<Pod>({ group: '', resource: 'pods' }).peekByField('spec.nodeName', nodeName)
    return pods.some(pod => pod.metadata.namespace === namespace && isRelated(pod)) ? allow : unrelated(nodeName)
  }
}

function unrelated(nodeName: string): AuthorizationDecision {
  return noOpinion(`no relationship found between node '${nodeName}' and this object`)
}

function authorizeLease(nodeName: string, { verb, namespace, name }: ResourceAttributes): AuthorizationDecision {
  if (!leaseVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease')
  if (namespace !== leaseNamespace) return noOpinion(`can only access leases in the ${quote(leaseNamespace)} system namespace`)
  // A create does not tell the name; admission looks at the object.
  if (verb !== 'create' && name !== nodeName) return noOpinion('can only access node lease with the same name as the requesting node')
  return allow
}

function authorizeNode(nodeName: string, { verb, subresource, name }: ResourceAttributes): AuthorizationDecision {
  const isWrite = verb === 'update' || verb === 'patch'
  if (subresource === 'status') return isWrite ? allow : noOpinion()
  if (subresource !== '') return noOpinion()
  if (isWrite || verb === 'create') return allow
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return noOpinion()
  if (name === nodeName) return allow
  return noOpinion(
    name === ''
      ? `node '${nodeName}' cannot read all nodes, only its own Node object`
      : `node '${nodeName}' cannot read '${name}', only its own Node object`,
  )
}
