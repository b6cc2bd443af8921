import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

const group = 'authorization.k8s.io'
const version = 'v1'

export const subjectAccessReviews: ResourceInfo = {
  group,
  version,
  kind: 'SubjectAccessReview',
  resource: 'subjectaccessreviews',
  singular: 'subjectaccessreview',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SubjectAccessReview',
}

export const localSubjectAccessReviews: ResourceInfo = {
  group,
  version,
  kind: 'LocalSubjectAccessReview',
  resource: 'localsubjectaccessreviews',
  singular: 'localsubjectaccessreview',
  namespaced: true,
  schema: 'io.k8s.api.authorization.v1.LocalSubjectAccessReview',
}

export const selfSubjectAccessReviews: ResourceInfo = {
  group,
  version,
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  singular: 'selfsubjectaccessreview',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectAccessReview',
}

export const selfSubjectRulesReviews: ResourceInfo = {
  group,
  version,
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  singular: 'selfsubjectrulesreview',
  namespaced: false,
  schema: 'io.k8s.api.authorization.v1.SelfSubjectRulesReview',
}
