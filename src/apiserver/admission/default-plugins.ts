import type { Authorizer } from '../authorization/authorizer.ts'
import { RBACEscalationCheck } from '../authorization/rbac/escalation-check.ts'
import type { RuleResolver } from '../authorization/rbac/rule-resolver.ts'
import type { AdmissionPlugin } from '../registry/resource.ts'
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts'
import { NamespaceLifecycle } from './namespace-lifecycle.ts'
import { NodeRestriction } from './node-restriction.ts'
import { Priority } from './priority.ts'
import { ServiceAccount } from './service-account.ts'
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts'

/** The plugins that are on in every cluster, in upstream's order. */
export function defaultAdmissionPlugins(resolver: RuleResolver, authorizer: Authorizer): AdmissionPlugin[] {
  return [
    new NamespaceLifecycle(),
    new ServiceAccount(),
    new NodeRestriction(),
    new TaintNodesByCondition(),
    new Priority(),
    new DefaultTolerationSeconds(),
    new RBACEscalationCheck(resolver, authorizer),
  ]
}
