import { selfSubjectReviews, tokenReviews } from '#api/authentication/v1/resources.ts'
import type { SelfSubjectReview, TokenReview, TokenReviewStatus, UserInfo as ReviewedUser } from '#api/authentication/v1/types.gen.ts'
import { formatTime } from '#apimachinery/meta/v1/time.ts'
import { newBadRequest } from '#apimachinery/status/status.ts'
import { InvalidTokenError, type TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import type { Resource, Strategy, UserInfo } from '#apiserver/registry/resource.ts'
import { nameColumn } from '../object-columns.ts'

/** Reviews are answered, not stored: nothing of a strategy is ever used. */
const answered: Strategy<never> = { validateCreate: () => [], validateUpdate: () => [] }

/** `kubectl auth whoami`. */
export const selfSubjectReviewsResource: Resource<SelfSubjectReview> = {
  info: selfSubjectReviews,
  strategy: answered,
  columns: [nameColumn],
  verbs: ['create'],
  onCreate: async (object, { user, clock }) => ({
    ...object,
    metadata: { ...object.metadata, creationTimestamp: formatTime(clock.now()) },
    status: { userInfo: reviewedUser(user) },
  }),
}

/** Says whose token that is. */
export function tokenReviewsResource(issuer: TokenIssuer): Resource<TokenReview> {
  return {
    info: tokenReviews,
    strategy: answered,
    columns: [nameColumn],
    verbs: ['create'],
    onCreate: async (object, { namespace }) => {
      if (namespace !== undefined) throw newBadRequest('namespace is not allowed on this type')
      if (!object.spec?.token) throw newBadRequest('token is required for TokenReview in authentication')
      return { ...object, status: reviewToken(issuer, object.spec.token, object.spec.audiences ?? []) }
    },
  }
}

function reviewToken(issuer: TokenIssuer, token: string, audiences: readonly string[]): TokenReviewStatus {
  try {
    const verified = issuer.verify(token, audiences.length === 0 ? undefined : audiences)
    return { authenticated: true, user: reviewedUser(verified.user), audiences: verified.audiences }
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error
    return { user: {}, error: error.message }
  }
}

function reviewedUser({ name, uid, groups, extra }: UserInfo): ReviewedUser {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
  }
}
