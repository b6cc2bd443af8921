import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '#api/rbac/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { qualifiedName } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import { serviceAccountUserName } from '../../authentication/serviceaccount/claims.ts'
import type { Store, StoreLookup, UserInfo } from '../../registry/resource.ts'

export const rbacGroup = 'rbac.authorization.k8s.io'

/** A rule that a user has, or the failure to find the rules of a binding. */
export type FoundRule = { rule: PolicyRule; source(): string } | { error: string }

/** Namespaces in requests need not exist: what is remembered of a user has a bound. */
const namespacesMax = 1_000

const policyResources = ['clusterrolebindings', 'rolebindings', 'clusterroles', 'roles'] as const

/**
 * Finds the rules that bindings give to users, in what the watch caches hold now. What was found for a user is remembered until a policy
 * object changes: users that come with each request of a connection or token are the same objects.
 */
export class RuleResolver {
  readonly #stores: StoreLookup
  /** By namespace of the bindings; '' for ClusterRoleBindings. */
  #found = new WeakMap<UserInfo, Map<string, FoundRule[]>>()
  #foundAt: readonly number[] = []

  constructor(stores: StoreLookup) {
    this.#stores = stores
  }

  /** The rules of a user in the order of the bindings. @param namespace '' for rules that hold in the whole cluster only */
  *rulesOfUser(user: UserInfo, namespace: string): Generator<FoundRule> {
    yield* this.#rulesIn('', user)
    if (namespace !== '') yield* this.#rulesIn(namespace, user)
  }

  /** All rules of a user, as far as they can be found. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
    const rules: PolicyRule[] = []
    const errors: string[] = []
    for (const found of this.rulesOfUser(user, namespace)) {
      if ('rule' in found) rules.push(found.rule)
      else errors.push(found.error)
    }
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

  #rulesIn(namespace: string, user: UserInfo): readonly FoundRule[] {
    this.#forgetWhatChanged()
    let byNamespace = this.#found.get(user)
    if (byNamespace === undefined) this.#found.set(user, (byNamespace = new Map()))
    let found = byNamespace.get(namespace)
    if (found === undefined) {
      found = this.#findRules(namespace, user)
      if (byNamespace.size >= namespacesMax) byNamespace.clear()
      byNamespace.set(namespace, found)
    }
    return found
  }

  #forgetWhatChanged(): void {
    const changed = policyResources.some((resource, index) => this.#storeOf(resource).generation !== this.#foundAt[index])
    if (!changed) return
    this.#found = new WeakMap()
    this.#foundAt = policyResources.map(resource => this.#storeOf(resource).generation)
  }

  #findRules(namespace: string, user: UserInfo): FoundRule[] {
    const bindings =
      namespace === ''
        ? this.#storeOf<ClusterRoleBinding>('clusterrolebindings').peekList(undefined)
        : this.#storeOf<RoleBinding>('rolebindings').peekList(namespace)
    return bindings.flatMap((binding): FoundRule[] => {
      const subject = binding.subjects?.find(candidate => isSubject(user, candidate, namespace))
      if (subject === undefined) return []
      const rules = this.rulesOf(binding.roleRef, namespace)
      const source = () => describe(binding, subject, namespace)
      return 'error' in rules ? [rules] : rules.map(rule => ({ rule, source }))
    })
  }

  #storeOf<T extends KubeObject = KubeObject>(resource: (typeof policyResources)[number]): Store<T> {
    return this.#stores.of<T>({ group: rbacGroup, resource })
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
