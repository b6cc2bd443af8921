import { isDeepStrictEqual } from 'node:util'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import type { Node, PersistentVolumeClaim, Pod } from '#api/core/v1/types.gen.ts'
import { mirrorPodAnnotation } from '#api/core/v1/well-known.ts'
import { quote } from '#apimachinery/text/quote.ts'
import { nodeNameOf } from '../authorization/node/node-identity.ts'
import { podReferences } from '../authorization/node/pod-references.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'
import { admissionForbidden } from './forbidden.ts'
import { forbiddenNodeLabels } from './node-labels.ts'

const leaseNamespace = 'kube-node-lease'

/** What nodes may write: only their own Node, Lease and pods. Behaviour: the admission plugin of that name. */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction'

  admit(request: AdmissionRequest): Promise<void> | undefined {
    const nodeName = nodeNameOf(request.context.user)
    if (nodeName === undefined || request.operation === 'CONNECT') return undefined
    if (nodeName === '') {
      throw admissionForbidden(request, `could not determine node from user ${quote(request.context.user.name)}`)
    }
    const { group, resource } = request.context.resource
    switch (group === '' ? resource : `${resource}.${group}`) {
      case 'pods':
        return admitPodRequest(nodeName, request)
      case 'nodes':
        return admitNode(nodeName, request)
      case 'persistentvolumeclaims':
        return admitClaim(nodeName, request)
      case 'serviceaccounts':
        return admitToken(nodeName, request)
      case 'leases.coordination.k8s.io':
        return admitLease(nodeName, request)
      default:
        return undefined
    }
  }
}

function admitPodRequest(nodeName: string, request: AdmissionRequest): Promise<void> | undefined {
  const { operation, context } = request
  const node = quote(nodeName)
  switch (context.subresource) {
    case undefined:
      if (operation === 'CREATE') return admitMirrorPod(nodeName, request)
      if (operation === 'DELETE')
        return admitOwnPod(nodeName, request, `node ${node} can only delete pods with spec.nodeName set to itself`)
      throw admissionForbidden(request, `unexpected operation ${quote(operation)}, node ${node} can only create and delete mirror pods`)
    case 'status':
      return admitPodStatus(nodeName, request)
    case 'eviction':
      if (operation !== 'CREATE') throw admissionForbidden(request, `unexpected operation ${operation}`)
      return admitOwnPod(nodeName, request, `node ${nodeName} can only evict pods with spec.nodeName set to itself`)
    default:
      throw admissionForbidden(
        request,
        `unexpected pod subresource ${quote(context.subresource)}, only 'status' and 'eviction' are allowed`,
      )
  }
}

async function admitOwnPod(nodeName: string, request: AdmissionRequest, refusal: string): Promise<void> {
  const { stores, namespace, name } = request.context
  const pod = await stores.of<Pod>({ group: '', resource: 'pods' }).get(namespace, name || request.object?.metadata.name || '')
  if (pod.spec?.nodeName !== nodeName) throw admissionForbidden(request, refusal)
}

async function admitMirrorPod(nodeName: string, request: AdmissionRequest): Promise<void> {
  const pod = request.object as Pod
  const node = quote(nodeName)
  const refuse = (text: string) => admissionForbidden(request, text)
  if (pod.metadata.annotations?.[mirrorPodAnnotation] === undefined) {
    throw refuse(`pod does not have ${quote(mirrorPodAnnotation)} annotation, node ${node} can only create mirror pods`)
  }
  if (pod.spec?.nodeName !== nodeName) throw refuse(`node ${node} can only create pods with spec.nodeName set to itself`)
  await checkOwner(nodeName, pod, request)
  if (pod.spec.serviceAccountName) throw refuse(`node ${node} can not create pods that reference a service account`)
  const references = podReferences(pod)
  if (references.secrets.size > 0) throw refuse(`node ${node} can not create pods that reference secrets`)
  if (references.configMaps.size > 0) throw refuse(`node ${node} can not create pods that reference configmaps`)
  const volumes = pod.spec.volumes ?? []
  if (volumes.some(volume => volume.projected?.sources?.some(source => source.clusterTrustBundle !== undefined))) {
    throw refuse(`node ${node} can not create pods that reference clustertrustbundles`)
  }
  if (volumes.some(volume => volume.persistentVolumeClaim !== undefined)) {
    throw refuse(`node ${node} can not create pods that reference persistentvolumeclaims`)
  }
}

async function checkOwner(nodeName: string, pod: Pod, request: AdmissionRequest): Promise<void> {
  const node = quote(nodeName)
  const refuse = (text: string) => admissionForbidden(request, text)
  const owners = pod.metadata.ownerReferences ?? []
  if (owners.length > 1) throw refuse(`node ${node} can only create pods with a single owner reference set to itself`)
  const [owner] = owners
  if (owner === undefined || owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== nodeName) {
    throw refuse(`node ${node} can only create pods with an owner reference set to itself`)
  }
  if (owner.controller !== true) throw refuse(`node ${node} can only create pods with a controller owner reference set to itself`)
  if (owner.blockOwnerDeletion === true) throw refuse(`node ${node} must not set blockOwnerDeletion on an owner reference`)
  const { uid } = (await request.context.stores.of({ group: '', resource: 'nodes' }).get(undefined, nodeName)).metadata
  if (uid !== owner.uid) throw refuse(`node ${nodeName} UID mismatch: expected ${owner.uid} got ${uid}`)
}

function admitPodStatus(nodeName: string, request: AdmissionRequest): undefined {
  const { operation, object, old } = request
  if (operation !== 'UPDATE') throw admissionForbidden(request, `unexpected operation ${quote(operation)}`)
  const [pod, oldPod] = [object as Pod, old as Pod]
  const node = quote(nodeName)
  if (oldPod.spec?.nodeName !== nodeName) {
    throw admissionForbidden(request, `node ${node} can only update pod status for pods with spec.nodeName set to itself`)
  }
  if (!isDeepStrictEqual(pod.metadata.labels ?? {}, oldPod.metadata.labels ?? {})) {
    throw admissionForbidden(request, `node ${node} cannot update labels through pod status`)
  }
  if (!isDeepStrictEqual(pod.status?.resourceClaimStatuses ?? [], oldPod.status?.resourceClaimStatuses ?? [])) {
    throw admissionForbidden(request, `node ${node} cannot update resource claim statues`)
  }
  return undefined
}

function admitNode(nodeName: string, request: AdmissionRequest): undefined {
  const { operation, object, old, context } = request
  const requested = context.name || object?.metadata.name || ''
  const name = quote(nodeName)
  if (requested !== nodeName) throw admissionForbidden(request, `node ${name} is not allowed to modify node ${quote(requested)}`)
  const [node, oldNode] = [object as Node | undefined, old as Node | undefined]
  if (operation === 'CREATE') {
    const labels = forbiddenNodeLabels(node?.metadata.labels, undefined)
    if (labels.length > 0)
      throw admissionForbidden(request, `node ${name} is not allowed to set the following labels: ${labels.join(', ')}`)
    if (node?.spec?.configSource !== undefined) {
      throw admissionForbidden(request, `node ${name} is not allowed to create pods with a non-nil configSource`)
    }
  }
  if (operation === 'UPDATE') {
    if (!isDeepStrictEqual(node?.spec?.taints ?? [], oldNode?.spec?.taints ?? [])) {
      throw admissionForbidden(request, `node ${name} is not allowed to modify taints`)
    }
    const labels = forbiddenNodeLabels(node?.metadata.labels, oldNode?.metadata.labels)
    if (labels.length > 0) throw admissionForbidden(request, `is not allowed to modify labels: ${labels.join(', ')}`)
  }
  return undefined
}

function admitClaim(nodeName: string, request: AdmissionRequest): undefined {
  const { operation, object, old, context } = request
  if (context.subresource !== 'status') throw admissionForbidden(request, 'may only update PVC status')
  if (operation !== 'UPDATE') throw admissionForbidden(request, `unexpected operation ${quote(operation)}`)
  const rest = (claim: PersistentVolumeClaim) => ({
    ...claim,
    metadata: { ...claim.metadata, resourceVersion: undefined, managedFields: undefined },
    status: {
      ...claim.status,
      capacity: undefined,
      conditions: undefined,
      allocatedResources: undefined,
      allocatedResourceStatuses: undefined,
    },
  })
  if (!isDeepStrictEqual(rest(object as PersistentVolumeClaim), rest(old as PersistentVolumeClaim))) {
    throw admissionForbidden(
      request,
      `node ${quote(nodeName)} is not allowed to update fields other than status.capacity and status.conditions`,
    )
  }
  return undefined
}

function admitToken(nodeName: string, request: AdmissionRequest): Promise<void> | undefined {
  if (request.operation !== 'CREATE' || request.context.subresource !== 'token') return undefined
  const reference = (request.object as TokenRequest | undefined)?.spec?.boundObjectRef
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) {
    throw admissionForbidden(request, 'node requested token not bound to a pod')
  }
  if (!reference.uid) throw admissionForbidden(request, 'node requested token with a pod binding without a uid')
  return checkTokenPod(nodeName, { name: reference.name, uid: reference.uid }, request)
}

async function checkTokenPod(nodeName: string, { name, uid }: { name: string; uid: string }, request: AdmissionRequest): Promise<void> {
  const { stores, namespace } = request.context
  const pod = await stores.of<Pod>({ group: '', resource: 'pods' }).get(namespace, name)
  if (pod.metadata.uid !== uid) {
    const detail = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw admissionForbidden(request, detail)
  }
  if (pod.spec?.nodeName !== nodeName)
    throw admissionForbidden(request, 'node requested token bound to a pod scheduled on a different node')
}

function admitLease(nodeName: string, request: AdmissionRequest): undefined {
  const { operation, object, context } = request
  if (context.namespace !== leaseNamespace) {
    throw admissionForbidden(request, `can only access leases in the ${quote(leaseNamespace)} system namespace`)
  }
  const name = operation === 'CREATE' ? object?.metadata.name : context.name
  if (name !== nodeName) throw admissionForbidden(request, 'can only access node lease with the same name as the requesting node')
  return undefined
}
