import { newBadRequest } from '#apimachinery/status/status.ts'
import type { AuthorizationAttributes, Authorizer } from '../authorization/authorizer.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { APIRequest } from '../request/api-request.ts'
import { newRefusal } from './authorize.ts'

const extraPrefix = 'impersonate-extra-'
const serviceAccountPrefix = 'system:serviceaccount:'

/**
 * The user as whom the request wants to act (`kubectl --as`), or the real one.
 * @throws StatusError BadRequest, or Forbidden when the real user may not act as that one
 */
export function impersonate(authorizer: Authorizer, user: UserInfo, { headers }: APIRequest): Promise<UserInfo> | UserInfo {
  for (const name in headers) if (name.startsWith('impersonate-')) return impersonateBy(authorizer, user, headers)
  return user
}

async function impersonateBy(authorizer: Authorizer, user: UserInfo, headers: APIRequest['headers']): Promise<UserInfo> {
  const name = listOf(headers['impersonate-user'])[0] ?? ''
  const groups = listOf(headers['impersonate-group'])
  const uid = listOf(headers['impersonate-uid'])[0] ?? ''
  const extra = extraOf(headers)
  if (name === '') throw newBadRequest(`requested [${groups.join(' ')}] without impersonating a user`)
  await check(authorizer, user, userResource(name))
  for (const group of groups) await check(authorizer, user, { group: '', resource: 'groups', name: group })
  if (uid !== '') await check(authorizer, user, { group: 'authentication.k8s.io', resource: 'uids', name: uid })
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values) {
      await check(authorizer, user, { group: 'authentication.k8s.io', resource: 'userextras', subresource: key, name: value })
    }
  }
  return { name, groups: withUsualGroups(name, groups), extra, ...(uid !== '' && { uid }) }
}

interface Target {
  group: string
  resource: string
  subresource?: string
  namespace?: string
  name: string
}

function userResource(name: string): Target {
  if (!name.startsWith(serviceAccountPrefix)) return { group: '', resource: 'users', name }
  const [namespace = '', account = ''] = name.slice(serviceAccountPrefix.length).split(':')
  return { group: '', resource: 'serviceaccounts', namespace, name: account }
}

async function check(authorizer: Authorizer, user: UserInfo, target: Target): Promise<void> {
  const attributes: AuthorizationAttributes = {
    isResourceRequest: true,
    user,
    verb: 'impersonate',
    namespace: '',
    subresource: '',
    version: target.group === '' ? '' : 'v1',
    ...target,
  }
  const { decision, reason } = await authorizer.authorize(attributes)
  if (decision !== 'allow') throw newRefusal(attributes, reason)
}

function withUsualGroups(name: string, groups: readonly string[]): string[] {
  const all = new Set(groups)
  if (groups.length === 0 && name.startsWith(serviceAccountPrefix)) {
    all.add('system:serviceaccounts')
    all.add(`system:serviceaccounts:${name.slice(serviceAccountPrefix.length).split(':')[0]}`)
  }
  if (name !== 'system:anonymous') all.add('system:authenticated')
  else if (groups.length === 0) all.add('system:unauthenticated')
  return [...all]
}

function extraOf(headers: APIRequest['headers']): Record<string, string[]> {
  const extra: Record<string, string[]> = {}
  for (const header in headers) {
    if (header.startsWith(extraPrefix)) extra[decodeURIComponent(header.slice(extraPrefix.length))] = listOf(headers[header])
  }
  return extra
}

/** Node joins repeated headers with a comma and a space. */
function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : value.split(', ')).filter(item => item !== '')
}
