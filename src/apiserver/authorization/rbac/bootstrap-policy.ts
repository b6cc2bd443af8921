import { aggregateAll } from '#api/rbac/v1/aggregation.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '#api/rbac/v1/types.gen.ts'
import {
  bootstrapClusterRole,
  binding,
  eventsRule,
  read,
  readUpdate,
  readWrite,
  roleBinding,
  rule,
  urls,
  write,
} from './policy-notation.ts'
import { controllerRoleBindings, controllerRoles } from './bootstrap-controller-roles.ts'

/** The roles and bindings that every cluster starts with. Facts: kube-apiserver's default policy. */
export interface BootstrapPolicy {
  clusterRoles: ClusterRole[]
  clusterRoleBindings: ClusterRoleBinding[]
  roles: Role[]
  roleBindings: RoleBinding[]
}

const authentication = 'authentication.k8s.io'
const authorization = 'authorization.k8s.io'
const certificates = 'certificates.k8s.io'
const coordination = 'coordination.k8s.io'
const discovery = 'discovery.k8s.io'
const networking = 'networking.k8s.io'
const rbac = 'rbac.authorization.k8s.io'
const storage = 'storage.k8s.io'

/** What a kubelet may do, as far as it does not depend on which objects belong to its node. */
export const nodeRules: readonly PolicyRule[] = [
  rule('create', authentication, 'tokenreviews'),
  rule('create', authorization, 'subjectaccessreviews localsubjectaccessreviews'),
  rule(read, '', 'services'),
  rule('create get list watch', '', 'nodes'),
  rule('update patch', '', 'nodes/status'),
  rule('update patch', '', 'nodes'),
  rule('create update patch', '', 'events'),
  rule(read, '', 'pods'),
  rule('create delete', '', 'pods'),
  rule('update patch', '', 'pods/status'),
  rule('create', '', 'pods/eviction'),
  rule(read, '', 'secrets configmaps'),
  rule('get', '', 'persistentvolumeclaims persistentvolumes'),
  rule('get', '', 'endpoints'),
  rule('create get list watch', certificates, 'certificatesigningrequests'),
  rule('get create update patch delete', coordination, 'leases'),
  rule('get', storage, 'volumeattachments'),
  rule('create', '', 'serviceaccounts/token'),
  rule('get update patch', '', 'persistentvolumeclaims/status'),
  rule(read, storage, 'csidrivers'),
  rule('get create update patch delete', storage, 'csinodes'),
  rule(read, 'node.k8s.io', 'runtimeclasses'),
  rule('get', 'resource.k8s.io', 'resourceclaims'),
  rule('get list watch create update patch delete deletecollection', 'resource.k8s.io', 'resourceslices'),
]

const healthURLs = '/healthz /livez /readyz'

const everybodyRoles: ClusterRole[] = [
  bootstrapClusterRole('cluster-admin', [rule('*', '*', '*'), urls('*', '*')]),
  bootstrapClusterRole('system:discovery', [urls('get', `${healthURLs} /version /version/ /openapi /openapi/* /api /api/* /apis /apis/*`)]),
  bootstrapClusterRole('system:monitoring', [urls('get', `/metrics /metrics/slis ${healthURLs} /healthz/* /livez/* /readyz/*`)]),
  bootstrapClusterRole('system:basic-user', [
    rule('create', authorization, 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule('create', authentication, 'selfsubjectreviews'),
  ]),
  bootstrapClusterRole('system:public-info-viewer', [urls('get', `${healthURLs} /version /version/`)]),
  bootstrapClusterRole('system:service-account-issuer-discovery', [urls('get', '/.well-known/openid-configuration /openid/v1/jwks')]),
]

const execResources = 'pods/attach pods/proxy pods/exec pods/portforward'
const scalableApps = 'daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale'
const oldWorkloads =
  'daemonsets deployments deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale'

const userFacingRoles: ClusterRole[] = [
  bootstrapClusterRole('admin', [], { aggregates: 'admin' }),
  bootstrapClusterRole('edit', [], { aggregates: 'edit', aggregateTo: 'admin' }),
  bootstrapClusterRole('view', [], { aggregates: 'view', aggregateTo: 'edit' }),
  bootstrapClusterRole(
    'system:aggregate-to-admin',
    [rule('create', authorization, 'localsubjectaccessreviews'), rule(readWrite, rbac, 'roles rolebindings')],
    { aggregateTo: 'admin' },
  ),
  bootstrapClusterRole(
    'system:aggregate-to-edit',
    [
      rule(read, '', `${execResources} secrets services/proxy`),
      rule('impersonate', '', 'serviceaccounts'),
      rule(write, '', `pods ${execResources}`),
      rule('create', '', 'pods/eviction'),
      rule(
        write,
        '',
        'configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts services services/proxy',
      ),
      rule('create', '', 'serviceaccounts/token'),
      rule(write, 'apps', `${scalableApps} deployments/rollback`),
      rule(write, 'autoscaling', 'horizontalpodautoscalers'),
      rule(write, 'batch', 'cronjobs jobs'),
      rule(write, 'extensions', `${oldWorkloads} deployments/rollback`),
      rule(write, 'policy', 'poddisruptionbudgets'),
      rule(write, networking, 'ingresses networkpolicies'),
      rule(readWrite, coordination, 'leases'),
    ],
    { aggregateTo: 'edit' },
  ),
  bootstrapClusterRole(
    'system:aggregate-to-view',
    [
      rule(
        read,
        '',
        'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status',
      ),
      rule(
        read,
        '',
        'bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas resourcequotas/status',
      ),
      rule(read, '', 'namespaces'),
      rule(read, discovery, 'endpointslices'),
      rule(read, 'apps', `controllerrevisions ${scalableApps} daemonsets/status deployments/status replicasets/status statefulsets/status`),
      rule(read, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      rule(read, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
      rule(read, 'extensions', `${oldWorkloads} daemonsets/status deployments/status ingresses/status replicasets/status`),
      rule(read, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      rule(read, networking, 'ingresses ingresses/status networkpolicies'),
    ],
    { aggregateTo: 'view' },
  ),
]

const nodeRoles: ClusterRole[] = [
  bootstrapClusterRole('system:node', nodeRules),
  bootstrapClusterRole('system:node-problem-detector', [rule('get', '', 'nodes'), rule('patch', '', 'nodes/status'), eventsRule]),
  bootstrapClusterRole('system:kubelet-api-admin', [
    rule(read, '', 'nodes'),
    rule('proxy', '', 'nodes'),
    rule('*', '', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
  ]),
  bootstrapClusterRole('system:node-bootstrapper', [rule('create get list watch', certificates, 'certificatesigningrequests')]),
  bootstrapClusterRole('system:node-proxier', [
    rule('list watch', '', 'endpoints services'),
    rule(read, '', 'nodes'),
    eventsRule,
    rule('list watch', discovery, 'endpointslices'),
    rule('list watch', networking, 'servicecidrs'),
  ]),
]

const reviewRules = [rule('create', authentication, 'tokenreviews'), rule('create', authorization, 'subjectaccessreviews')]

const componentRoles: ClusterRole[] = [
  bootstrapClusterRole('system:auth-delegator', reviewRules),
  bootstrapClusterRole('system:heapster', [rule(read, '', 'events namespaces nodes pods'), rule(read, 'extensions', 'deployments')]),
  bootstrapClusterRole('system:kube-aggregator', [rule(read, '', 'endpoints services')]),
  bootstrapClusterRole('system:kube-dns', [rule('list watch', '', 'endpoints services')]),
  bootstrapClusterRole('system:kube-controller-manager', [
    eventsRule,
    rule('create', coordination, 'leases'),
    rule('get update', coordination, 'leases', 'kube-controller-manager'),
    rule('create', '', 'secrets serviceaccounts'),
    rule('delete', '', 'secrets'),
    rule('get', '', 'configmaps namespaces secrets serviceaccounts'),
    rule('update', '', 'secrets serviceaccounts'),
    ...reviewRules,
    rule('list watch', '*', '*'),
    rule('create', '', 'serviceaccounts/token'),
  ]),
  bootstrapClusterRole('system:kube-scheduler', [
    eventsRule,
    rule('create', coordination, 'leases'),
    rule('get update', coordination, 'leases', 'kube-scheduler'),
    rule(read, '', 'nodes'),
    rule(`${read} delete`, '', 'pods'),
    rule('create', '', 'bindings pods/binding'),
    rule('update patch', '', 'pods/status'),
    rule(read, '', 'replicationcontrollers services'),
    rule(read, 'apps extensions', 'replicasets'),
    rule(read, 'apps', 'statefulsets'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, '', 'persistentvolumeclaims persistentvolumes'),
    ...reviewRules,
    rule(read, storage, 'csinodes'),
    rule(read, '', 'namespaces'),
    rule(read, storage, 'csidrivers'),
    rule(read, storage, 'csistoragecapacities'),
    rule(read, storage, 'volumeattachments'),
  ]),
  bootstrapClusterRole('system:volume-scheduler', [
    rule(readUpdate, '', 'persistentvolumes'),
    rule(read, storage, 'storageclasses'),
    rule(readUpdate, '', 'persistentvolumeclaims'),
  ]),
  bootstrapClusterRole('system:persistent-volume-provisioner', [
    rule(`${read} create delete`, '', 'persistentvolumes'),
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule(read, storage, 'storageclasses'),
    rule('watch', '', 'events'),
    eventsRule,
  ]),
]

const signers = ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown']

const certificateRoles: ClusterRole[] = [
  ...['nodeclient', 'selfnodeclient'].map(name =>
    bootstrapClusterRole(`system:certificates.k8s.io:certificatesigningrequests:${name}`, [
      rule('create', certificates, `certificatesigningrequests/${name}`),
    ]),
  ),
  ...signers.map(name =>
    bootstrapClusterRole(`system:certificates.k8s.io:${name}-approver`, [
      rule('approve', certificates, 'signers', `kubernetes.io/${name}`),
    ]),
  ),
]

const group = (name: string): Subject => ({ kind: 'Group', apiGroup: rbac, name })
const user = (name: string): Subject => ({ kind: 'User', apiGroup: rbac, name })
const serviceAccount = (namespace: string, name: string): Subject => ({ kind: 'ServiceAccount', namespace, name })

const authenticated = group('system:authenticated')
const unauthenticated = group('system:unauthenticated')

const bindings: ClusterRoleBinding[] = [
  binding('cluster-admin', [group('system:masters')]),
  binding('system:monitoring', [group('system:monitoring')]),
  binding('system:discovery', [authenticated]),
  binding('system:basic-user', [authenticated]),
  binding('system:public-info-viewer', [authenticated, unauthenticated]),
  binding('system:node-proxier', [user('system:kube-proxy')]),
  binding('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  binding('system:kube-dns', [serviceAccount('kube-system', 'kube-dns')]),
  binding('system:kube-scheduler', [user('system:kube-scheduler')]),
  binding('system:volume-scheduler', [user('system:kube-scheduler')]),
  // The Node authorizer does what this binding did long ago; it is kept without subjects.
  binding('system:node', []),
  binding('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
]

const lockRules = (name: string): PolicyRule[] => [rule('watch', '', 'configmaps'), rule('get update', '', 'configmaps', name)]

const namespaced = [
  roleBinding(
    'kube-system',
    'extension-apiserver-authentication-reader',
    [rule(read, '', 'configmaps', 'extension-apiserver-authentication')],
    [user('system:kube-controller-manager'), user('system:kube-scheduler')],
    'system::extension-apiserver-authentication-reader',
  ),
  ...['kube-controller-manager', 'kube-scheduler'].map(name =>
    roleBinding('kube-system', `system::leader-locking-${name}`, lockRules(name), [
      user(`system:${name}`),
      serviceAccount('kube-system', name),
    ]),
  ),
]

let policyText: string | undefined

/**
 * Fresh objects with each call. The rules of aggregated roles are filled in, so that admin, edit and view work at once; the aggregation
 * controller keeps them so.
 */
export function bootstrapPolicy(): BootstrapPolicy {
  // Parsing is the fastest copy: every cluster of a process makes one.
  policyText ??= JSON.stringify(makePolicy())
  return JSON.parse(policyText) as BootstrapPolicy
}

function makePolicy(): BootstrapPolicy {
  const declared = [...everybodyRoles, ...userFacingRoles, ...nodeRoles, ...componentRoles, ...certificateRoles, ...controllerRoles]
  const clusterRoles = declared.map(role => ({ ...role }))
  aggregateAll(clusterRoles)
  return {
    clusterRoles,
    clusterRoleBindings: [...bindings, ...controllerRoleBindings],
    roles: namespaced.map(pair => pair.role),
    roleBindings: namespaced.map(pair => pair.binding),
  }
}
