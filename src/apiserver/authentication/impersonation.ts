import { newForbidden, newInternalError } from '#apimachinery/status/status.ts'
import type { Authorizer, ResourceAttributes } from '../authorization/authorizer.ts'
import { forbiddenMessage } from '../authorization/forbidden-message.ts'
import type { UserInfo } from '../registry/resource.ts'
import type { AuthenticationRequest } from './authenticator.ts'
import { serviceAccountGroups, splitServiceAccountUserName } from './serviceaccount/claims.ts'

type Headers = AuthenticationRequest['headers']

const extraPrefix = 'impersonate-extra-'

interface Wanted {
  user: string
  groups: string[]
  uid: string
  extra: Record<string, string[]>
}

/**
 * The user that a request wants to act as, by its Impersonate-* headers; undefined when it has none.
 * @param user who sent the request
 * @throws StatusError Forbidden, when they may not impersonate this user or one of the groups
 */
export async function impersonatedUser(headers: Headers, user: UserInfo, authorizer: Authorizer): Promise<UserInfo | undefined> {
  const wanted = readHeaders(headers)
  if (wanted === undefined) return undefined
  for (const attributes of attributesOf(wanted, user)) {
    const { decision, reason } = await authorizer.authorize(attributes)
    if (decision === 'allow') continue
    throw newForbidden({ group: attributes.group, resource: attributes.resource }, attributes.name, forbiddenMessage(attributes, reason))
  }
  return {
    name: wanted.user,
    ...(wanted.uid === '' ? {} : { uid: wanted.uid }),
    groups: groupsOf(wanted),
    extra: wanted.extra,
  }
}

function readHeaders(headers: Headers): Wanted | undefined {
  const wanted: Wanted = {
    user: valuesOf(headers['impersonate-user'])[0] ?? '',
    groups: valuesOf(headers['impersonate-group']),
    uid: valuesOf(headers['impersonate-uid'])[0] ?? '',
    extra: {},
  }
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(extraPrefix)) wanted.extra[unescapeKey(name.slice(extraPrefix.length))] = valuesOf(value)
  }
  if (wanted.user !== '') return wanted
  if (wanted.groups.length === 0 && wanted.uid === '' && Object.keys(wanted.extra).length === 0) return undefined
  throw newInternalError('requested impersonation of groups, a uid or extras without impersonating a user')
}

/** Node's http joins repeated headers by `, `, its http2 compatibility layer gives a list. */
function valuesOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return []
  return (Array.isArray(header) ? header : header.split(', ')).filter(value => value !== '')
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function attributesOf(wanted: Wanted, user: UserInfo): ResourceAttributes[] {
  const base = { isResourceRequest: true as const, user, verb: 'impersonate', namespace: '', group: '', version: 'v1', subresource: '' }
  const authentication = { ...base, group: 'authentication.k8s.io' }
  const account = splitServiceAccountUserName(wanted.user)
  const attributes: ResourceAttributes[] = [
    account === undefined
      ? { ...base, resource: 'users', name: wanted.user }
      : { ...base, resource: 'serviceaccounts', namespace: account.namespace, name: account.name },
  ]
  for (const name of wanted.groups) attributes.push({ ...base, resource: 'groups', name })
  if (wanted.uid !== '') attributes.push({ ...authentication, resource: 'uids', name: wanted.uid })
  for (const [key, values] of Object.entries(wanted.extra)) {
    for (const name of values) attributes.push({ ...authentication, resource: 'userextras', subresource: key, name })
  }
  return attributes
}

function groupsOf({ user, groups }: Wanted): string[] {
  const account = splitServiceAccountUserName(user)
  const all = groups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : [...groups]
  const everybody = user === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'
  if (!all.includes('system:authenticated') && !all.includes('system:unauthenticated')) all.push(everybody)
  return all
}
