import type { UserInfo } from '../registry/resource.ts'

/** Says what a user may do. */
export interface Authorizer {
  /** `no-opinion` of the last authorizer counts as `deny`. Never throws for a refusal. */
  authorize(attributes: AuthorizationAttributes): Promise<AuthorizationDecision> | AuthorizationDecision
}

/** What a request wants, as upstream's `authorizer.Attributes`. */
export type AuthorizationAttributes = ResourceAttributes | NonResourceAttributes

export interface ResourceAttributes {
  isResourceRequest: true
  user: UserInfo
  /** get, list, watch, create, update, patch, delete, deletecollection, or a special verb (`bind`, `impersonate`, …). */
  verb: string
  /** '' for all namespaces and for cluster-scoped resources. */
  namespace: string
  group: string
  version: string
  resource: string
  subresource: string
  /** '' for collections and creates; what `metadata.name` in the field selector of a list or watch names. */
  name: string
  /** Fields that the field selector of a list, watch or deletecollection requires to have a value. */
  fieldSelector?: Readonly<Record<string, string>>
}

export interface NonResourceAttributes {
  isResourceRequest: false
  user: UserInfo
  /** The HTTP method in lower case. */
  verb: string
  path: string
}

export interface AuthorizationDecision {
  decision: 'allow' | 'deny' | 'no-opinion'
  /** Why, in the words that the refusal shows; '' for none. */
  reason: string
}
