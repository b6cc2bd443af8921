import { apiVersionOf, parseAPIVersion } from '#apimachinery/resource/resource-info.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { isNotFound, newBadRequest, newConflict, newInvalid } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import { type FieldError, invalid, path } from '#apimachinery/validation/field-error.ts'
import type { BoundObjectReference, TokenRequest } from '#api/authentication/v1/types.gen.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { RequestContext } from '../../registry/resource.ts'
import type { ObjectReference } from './claims.ts'
import type { TokenIssuer } from './token-issuer.ts'

const defaultExpirationSeconds = 3600
const minExpirationSeconds = 600
const maxExpirationSeconds = 2 ** 32
/** What the ServiceAccount admission plugin asks for in every pod; clients that never read the file anew get a token that works longer. */
const warnOnlyExpirationSeconds = 3607
const extendedExpirationSeconds = 24 * 365 * 3600

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }

/** The schema of bodies of `serviceaccounts/NAME/token`, and the kind of its answers. */
export const tokenRequestSchema = 'io.k8s.api.authentication.v1.TokenRequest'
export const tokenRequestKind = { group: kind.group, version: 'v1', kind: kind.kind }

/** Answers a POST to `serviceaccounts/NAME/token`. @throws StatusError */
export async function createToken(
  issuer: TokenIssuer,
  request: TokenRequest,
  serviceAccountName: string,
  context: RequestContext,
): Promise<TokenRequest> {
  const namespace = context.namespace ?? ''
  const seconds = request.spec?.expirationSeconds ?? defaultExpirationSeconds
  const errors = validateExpiration(seconds)
  if (errors.length > 0) throw newInvalid(kind, '', errors)
  const account = await context.stores.of({ group: '', resource: 'serviceaccounts' }).get(namespace, serviceAccountName)
  checkNames(request, account)
  const bound = await findBoundObject(request.spec.boundObjectRef, account, context)
  const requested = request.spec.audiences ?? []
  const audiences = requested.length > 0 ? requested : [...issuer.apiAudiences]
  const extended =
    bound.pod !== undefined && seconds === warnOnlyExpirationSeconds && audiences.every(audience => issuer.apiAudiences.includes(audience))
  const answer: TokenRequest = {
    apiVersion: apiVersionOf(tokenRequestKind),
    kind: kind.kind,
    metadata: {
      name: serviceAccountName,
      namespace,
      creationTimestamp: formatTime(context.clock.now()),
    },
    spec: { ...request.spec, audiences, expirationSeconds: seconds },
  }
  // The client is told the shorter life, so that it asks again in time.
  const expirationTimestamp = formatTime(context.clock.now() + seconds * 1000)
  if (context.dryRun) return { ...answer, status: { token: '', expirationTimestamp } }
  const { token } = await issuer.issue({
    namespace,
    serviceAccount: referenceOf(account),
    audiences,
    expirationSeconds: extended ? extendedExpirationSeconds : seconds,
    ...(extended ? { warnAfterSeconds: seconds } : {}),
    ...bound,
  })
  return { ...answer, status: { token, expirationTimestamp } }
}

function validateExpiration(seconds: number): FieldError[] {
  const at = path('spec', 'expirationSeconds')
  if (seconds < minExpirationSeconds) return [invalid(at, seconds, 'may not specify a duration less than 10 minutes')]
  if (seconds > maxExpirationSeconds) return [invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds')]
  return []
}

function checkNames(request: TokenRequest, account: KubeObject): void {
  for (const field of ['name', 'namespace'] as const) {
    const value = request.metadata?.[field]
    if (value === undefined || value === '' || value === account.metadata[field]) continue
    const error = invalid(path('metadata', field), value, `must match the service account ${field} if specified`)
    throw newInvalid(kind, account.metadata.name, [error])
  }
}

type BoundObject = { pod?: ObjectReference; secret?: ObjectReference; node?: ObjectReference }

async function findBoundObject(
  reference: BoundObjectReference | undefined,
  account: KubeObject,
  context: RequestContext,
): Promise<BoundObject> {
  if (reference === undefined) return {}
  const { group, version } = parseAPIVersion(reference.apiVersion ?? '')
  const name = reference.name ?? ''
  const resource = group === '' ? boundResources[reference.kind ?? ''] : undefined
  if (resource === undefined) {
    throw newBadRequest(`cannot bind token to object of type ${group}/${version}, Kind=${reference.kind ?? ''}`)
  }
  const namespace = resource === 'nodes' ? undefined : account.metadata.namespace
  const object = await context.stores.of({ group: '', resource }).get(namespace, name)
  const uid = object.metadata.uid ?? ''
  let bound: BoundObject = { [resource.slice(0, -1)]: referenceOf(object) }
  if (resource === 'pods') bound = { ...bound, ...(await nodeOfPod(object as Pod, account.metadata.name, context)) }
  if (reference.uid !== undefined && reference.uid !== '' && reference.uid !== uid) {
    const detail = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw newConflict({ group, resource: reference.kind ?? '' }, name, detail)
  }
  return bound
}

const boundResources: Record<string, 'pods' | 'secrets' | 'nodes'> = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }

async function nodeOfPod(pod: Pod, serviceAccountName: string, context: RequestContext): Promise<BoundObject> {
  const own = pod.spec?.serviceAccountName ?? ''
  if (own !== serviceAccountName) {
    const detail = `cannot bind token for serviceaccount ${quote(serviceAccountName)} to pod running with different serviceaccount name.`
    throw newBadRequest(detail)
  }
  const nodeName = pod.spec?.nodeName ?? ''
  if (nodeName === '') return {}
  try {
    return { node: referenceOf(await context.stores.of({ group: '', resource: 'nodes' }).get(undefined, nodeName)) }
  } catch (error) {
    if (isNotFound(error)) return { node: { name: nodeName } }
    throw error
  }
}

function referenceOf(object: KubeObject): ObjectReference {
  return { name: object.metadata.name, uid: object.metadata.uid ?? '' }
}
