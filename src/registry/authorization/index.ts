import {
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
} from '#api/authorization/v1/resources.ts'
import type {
  LocalSubjectAccessReview,
  ResourceRule,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '#api/authorization/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import { newBadRequest, newInvalid } from '#apimachinery/status/status.ts'
import type { FieldError } from '#apimachinery/validation/field-error.ts'
import type { AuthorizationAttributes, Authorizer } from '#apiserver/authorization/authorizer.ts'
import { nodeNameOf } from '#apiserver/authorization/node/node-identity.ts'
import type { RuleResolver } from '#apiserver/authorization/rbac/rule-resolver.ts'
import type { Resource, Strategy, UserInfo } from '#apiserver/registry/resource.ts'
import { nameColumn } from '../object-columns.ts'
import { validateAttributes, validateLocalSubjectAccessReview, validateSubjectAccessReview } from './validation.ts'

/** Questions about permissions are answered, not stored: nothing of a strategy is ever used. */
const answered: Strategy<never> = { validateCreate: () => [], validateUpdate: () => [] }

function review<T extends KubeObject>(info: ResourceInfo, onCreate: NonNullable<Resource<T>['onCreate']>): Resource<T> {
  return { info, strategy: answered, columns: [nameColumn], verbs: ['create'], onCreate }
}

function refuse(info: ResourceInfo, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw newInvalid(info, '', errors)
}

/** All reviews of `authorization.k8s.io/v1`. */
export function accessReviewResources(authorizer: Authorizer, resolver: RuleResolver): Resource<never>[] {
  const reviews = [
    review<SubjectAccessReview>(subjectAccessReviews, async object => {
      refuse(subjectAccessReviews, validateSubjectAccessReview(object))
      return { ...object, status: await answer(authorizer, object.spec, userOf(object.spec)) }
    }),
    review<LocalSubjectAccessReview>(localSubjectAccessReviews, async (object, { namespace }) => {
      refuse(localSubjectAccessReviews, validateLocalSubjectAccessReview(object))
      if (namespace === undefined) throw newBadRequest('namespace is required on this type: ')
      return { ...object, status: await answer(authorizer, object.spec, userOf(object.spec)) }
    }),
    review<SelfSubjectAccessReview>(selfSubjectAccessReviews, async (object, { user }) => {
      refuse(selfSubjectAccessReviews, validateAttributes(object.spec))
      return { ...object, status: await answer(authorizer, object.spec, user) }
    }),
    review<SelfSubjectRulesReview>(selfSubjectRulesReviews, async (object, { user }) => answerRules(resolver, object, user)),
  ]
  return reviews as unknown as Resource<never>[]
}

function userOf(spec: SubjectAccessReviewSpec): UserInfo {
  return {
    name: spec.user ?? '',
    ...(spec.uid ? { uid: spec.uid } : {}),
    groups: spec.groups ?? [],
    extra: (spec.extra ?? {}) as Record<string, string[]>,
  }
}

async function answer(authorizer: Authorizer, spec: SelfSubjectAccessReviewSpec, user: UserInfo): Promise<SubjectAccessReviewStatus> {
  const { decision, reason } = await authorizer.authorize(attributesOf(spec, user))
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason === '' ? {} : { reason }),
  }
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec, user: UserInfo): AuthorizationAttributes {
  if (resourceAttributes === undefined) {
    return { isResourceRequest: false, user, verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' }
  }
  const {
    verb = '',
    namespace = '',
    group = '',
    version = '',
    resource = '',
    subresource = '',
    name = '',
    fieldSelector,
  } = resourceAttributes
  const equalities = (fieldSelector?.requirements ?? []).filter(({ operator, values }) => operator === 'In' && values?.length === 1)
  return {
    isResourceRequest: true,
    user,
    verb,
    namespace,
    group,
    version,
    resource,
    subresource,
    name,
    ...(equalities.length === 0 ? {} : { fieldSelector: Object.fromEntries(equalities.map(({ key, values }) => [key, values![0]!])) }),
  }
}

async function answerRules(resolver: RuleResolver, object: SelfSubjectRulesReview, user: UserInfo): Promise<SelfSubjectRulesReview> {
  const namespace = object.spec?.namespace ?? ''
  if (namespace === '') throw newBadRequest('no namespace on request')
  const { rules, errors } = resolver.rulesFor(user, namespace)
  if (nodeNameOf(user) !== undefined) errors.push('node authorizer does not support user rule resolution')
  const resourceRules: ResourceRule[] = rules
    .filter(rule => rule.resources?.length)
    .map(({ verbs, apiGroups, resources, resourceNames }) => ({
      verbs,
      ...(apiGroups === undefined ? {} : { apiGroups }),
      ...(resources === undefined ? {} : { resources }),
      ...(resourceNames === undefined ? {} : { resourceNames }),
    }))
  const nonResourceRules = rules
    .filter(rule => rule.nonResourceURLs?.length)
    .map(({ verbs, nonResourceURLs }) => ({ verbs, ...(nonResourceURLs === undefined ? {} : { nonResourceURLs }) }))
  return {
    ...object,
    status: {
      resourceRules,
      nonResourceRules,
      incomplete: errors.length > 0,
      ...(errors.length === 0 ? {} : { evaluationError: errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]` }),
    },
  } as SelfSubjectRulesReview
}
