import type { UserInfo } from '../../registry/resource.ts'

export interface ObjectReference {
  name: string
  /** Left out for a node that was not there when its pod's token was made. */
  uid?: string
}

/** What a service-account token says. The layout of upstream's bound tokens: KEP-1205 and KEP-4193. */
export interface ServiceAccountClaims {
  aud: string[]
  /** Seconds since 1970. */
  exp: number
  iat: number
  iss: string
  jti: string
  'kubernetes.io': {
    namespace: string
    node?: ObjectReference
    pod?: ObjectReference
    secret?: ObjectReference
    serviceaccount: ObjectReference
    /** From this second on, use of the token is a sign of a client that does not read it anew. */
    warnafter?: number
  }
  nbf: number
  sub: string
}

const serviceAccountPrefix = 'system:serviceaccount:'

export function serviceAccountUserName(namespace: string, name: string): string {
  return `${serviceAccountPrefix}${namespace}:${name}`
}

export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}

/** The opposite of `serviceAccountUserName`; undefined for other users. */
export function splitServiceAccountUserName(userName: string): { namespace: string; name: string } | undefined {
  if (!userName.startsWith(serviceAccountPrefix)) return undefined
  const [namespace = '', name = '', ...rest] = userName.slice(serviceAccountPrefix.length).split(':')
  return namespace === '' || name === '' || rest.length > 0 ? undefined : { namespace, name }
}

/** Checks the shape of claims that somebody with our key signed. */
export function asServiceAccountClaims(claims: Record<string, unknown>): ServiceAccountClaims | undefined {
  const own = claims['kubernetes.io'] as Partial<ServiceAccountClaims['kubernetes.io']> | undefined
  const { aud, exp, nbf, iat, sub } = claims
  if (!Array.isArray(aud) || typeof exp !== 'number' || typeof nbf !== 'number' || typeof iat !== 'number') return undefined
  if (typeof sub !== 'string' || typeof own?.namespace !== 'string' || typeof own.serviceaccount?.name !== 'string') return undefined
  return claims as unknown as ServiceAccountClaims
}

export function userOf(claims: ServiceAccountClaims): UserInfo {
  const { namespace, serviceaccount, pod, node } = claims['kubernetes.io']
  const extra: Record<string, string[]> = { 'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`] }
  if (node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [node.name]
    if (node.uid !== undefined) extra['authentication.kubernetes.io/node-uid'] = [node.uid]
  }
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name]
    if (pod.uid !== undefined) extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
  }
  return {
    name: serviceAccountUserName(namespace, serviceaccount.name),
    ...(serviceaccount.uid === undefined ? {} : { uid: serviceaccount.uid }),
    groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
    extra,
  }
}
