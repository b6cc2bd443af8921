import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { StoreLookup } from '../../registry/resource.ts'
import type { ObjectReference, ServiceAccountClaims } from './claims.ts'

const invalidated = 'service account token has been invalidated'

/** A token is good as long as the objects that it names exist, with the same uid. */
export class BoundObjects {
  readonly #stores: StoreLookup

  constructor(stores: StoreLookup) {
    this.#stores = stores
  }

  /**
   * What makes a token bad, or undefined.
   * @param deletedBeforeMs objects whose deletion was asked for before this moment count as gone
   */
  complaintAbout(claims: ServiceAccountClaims, deletedBeforeMs: number): string | undefined {
    const { namespace, serviceaccount, pod, secret, node } = claims['kubernetes.io']
    const account = this.#find('serviceaccounts', namespace, serviceaccount)
    if (account === undefined) return `serviceaccounts "${serviceaccount.name}" not found`
    if (isGone(account, deletedBeforeMs)) return `service account ${namespace}/${serviceaccount.name} has been deleted`
    if (account.metadata.uid !== serviceaccount.uid) {
      return `service account UID (${account.metadata.uid}) does not match claim (${serviceaccount.uid})`
    }
    if (secret !== undefined) {
      const complaint = this.#complaintAboutObject('secrets', 'secret', namespace, secret, deletedBeforeMs)
      if (complaint !== undefined) return complaint
    }
    if (pod !== undefined) return this.#complaintAboutObject('pods', 'pod', namespace, pod, deletedBeforeMs)
    // A pod's token names its node only as information.
    if (node !== undefined) return this.#complaintAboutObject('nodes', 'node', undefined, node, deletedBeforeMs)
    return undefined
  }

  #complaintAboutObject(
    resource: string,
    word: string,
    namespace: string | undefined,
    reference: ObjectReference,
    deletedBeforeMs: number,
  ): string | undefined {
    const object = this.#find(resource, namespace, reference)
    if (object === undefined || isGone(object, deletedBeforeMs)) return invalidated
    if (object.metadata.uid === reference.uid) return undefined
    const uid = object.metadata.uid ?? ''
    return `${word} UID (${uid}) does not match service account ${word} ref claim (${reference.uid})`
  }

  #find(resource: string, namespace: string | undefined, { name }: ObjectReference): KubeObject | undefined {
    return this.#stores.of({ group: '', resource }).peek(namespace, name)
  }
}

function isGone(object: KubeObject, deletedBeforeMs: number): boolean {
  const { deletionTimestamp } = object.metadata
  return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < deletedBeforeMs
}
