import type { UserInfo } from '../../registry/resource.ts'

const userPrefix = 'system:node:'

/** Which node a user is; '' for a member of `system:nodes` whose name tells none, undefined for users that are no nodes. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.name.startsWith(userPrefix) || !user.groups.includes('system:nodes')) return undefined
  return user.name.slice(userPrefix.length)
}
