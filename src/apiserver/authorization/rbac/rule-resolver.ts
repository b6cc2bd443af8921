import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '#api/rbac/v1/types.gen.ts'
import { qualifiedName } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import { serviceAccountUserName } from '../../authentication/serviceaccount/claims.ts'
import type { StoreLookup, UserInfo } from '../../registry/resource.ts'

export const rbacGroup = 'rbac.authorization.k8s.io'

/** A rule that a user has, or the failure to find the rules of a binding. */
export type RuleVisit = { rule: PolicyRule; source(): string } | { error: string }

/** Finds the rules that bindings give to users, in what the watch caches hold now. */
export class RuleResolver {
  readonly #stores: StoreLookup

  constructor(stores: StoreLookup) {
    this.#stores = stores
  }

  /** Stops when `visit` answers true. @param namespace '' for rules that hold in the whole cluster only */
  async visitRules(user: UserInfo, namespace: string, visit: (found: RuleVisit) => boolean): Promise<void> {
    const clusterBindings = await this.#stores.of<ClusterRoleBinding>({ group: rbacGroup, resource: 'clusterrolebindings' }).list(undefined)
    for (const binding of clusterBindings) {
      if (this.#visitBinding(binding, user, '', visit)) return
    }
    if (namespace === '') return
    const bindings = await this.#stores.of<RoleBinding>({ group: rbacGroup, resource: 'rolebindings' }).list(namespace)
    for (const binding of bindings) {
      if (this.#visitBinding(binding, user, namespace, visit)) return
    }
  }

  /** All rules of a user, as far as they can be found. */
  async rulesFor(user: UserInfo, namespace: string): Promise<{ rules: PolicyRule[]; errors: string[] }> {
    const rules: PolicyRule[] = []
    const errors: string[] = []
    await this.visitRules(user, namespace, found => {
      if ('rule' in found) rules.push(found.rule)
      else errors.push(found.error)
      return false
    })
    return { rules, errors }
  }

  /** The rules of a role, or why there are none. @param namespace of the binding; '' for a ClusterRoleBinding */
  rulesOf(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | { error: string } {
    const resource = { Role: 'roles', ClusterRole: 'clusterroles' }[roleRef.kind]
    if (resource === undefined) return { error: `unsupported role reference kind: ${quote(roleRef.kind)}` }
    const store = this.#stores.of<Role | ClusterRole>({ group: rbacGroup, resource })
    const role = store.peek(resource === 'roles' ? namespace : undefined, roleRef.name)
    if (role === undefined) {
      const kind = qualifiedName(rbacGroup, resource.slice(0, -1))
      return { error: `${kind} ${quote(roleRef.name)} not found` }
    }
    return role.rules ?? []
  }

  /** @returns true to stop */
  #visitBinding(
    binding: RoleBinding | ClusterRoleBinding,
    user: UserInfo,
    namespace: string,
    visit: (found: RuleVisit) => boolean,
  ): boolean {
    const subject = binding.subjects?.find(candidate => isSubject(user, candidate, namespace))
    if (subject === undefined) return false
    const rules = this.rulesOf(binding.roleRef, namespace)
    if ('error' in rules) return visit(rules)
    const source = () => describe(binding, subject, namespace)
    return rules.some(rule => visit({ rule, source }))
  }
}

function isSubject(user: UserInfo, subject: Subject, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case 'User':
      return user.name === subject.name
    case 'Group':
      return user.groups.includes(subject.name)
    case 'ServiceAccount': {
      const namespace = subject.namespace || bindingNamespace
      return namespace !== '' && user.name === serviceAccountUserName(namespace, subject.name)
    }
    default:
      return false
  }
}

function describe({ metadata, roleRef }: RoleBinding | ClusterRoleBinding, subject: Subject, namespace: string): string {
  const subjectName = subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name
  const binding =
    namespace === '' ? `ClusterRoleBinding ${quote(metadata.name)}` : `RoleBinding ${quote(`${metadata.name}/${metadata.namespace ?? ''}`)}`
  return `${binding} of ${roleRef.kind} ${quote(roleRef.name)} to ${subject.kind} ${quote(subjectName)}`
}
