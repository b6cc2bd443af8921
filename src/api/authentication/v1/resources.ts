import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'

const group = 'authentication.k8s.io'
const version = 'v1'

export const tokenReviews: ResourceInfo = {
  group,
  version,
  kind: 'TokenReview',
  resource: 'tokenreviews',
  singular: 'tokenreview',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.TokenReview',
}

export const selfSubjectReviews: ResourceInfo = {
  group,
  version,
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  singular: 'selfsubjectreview',
  namespaced: false,
  schema: 'io.k8s.api.authentication.v1.SelfSubjectReview',
}
