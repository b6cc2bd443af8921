import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '#api/rbac/v1/types.gen.ts'
import { binding, bootstrapClusterRole, eventsRule, read, rule } from './policy-notation.ts'

const authorization = 'authorization.k8s.io'
const certificates = 'certificates.k8s.io'
const discovery = 'discovery.k8s.io'
const networking = 'networking.k8s.io'
const rbac = 'rbac.authorization.k8s.io'
const resource = 'resource.k8s.io'
const storage = 'storage.k8s.io'

const workloads = 'apps extensions'
const podWriter = rule('list watch create delete patch', '', 'pods')

/** By the name of the controller, which is also that of its service account in kube-system. */
const rulesByController: Record<string, PolicyRule[]> = {
  'attachdetach-controller': [
    rule('list watch', '', 'persistentvolumeclaims persistentvolumes'),
    rule(read, '', 'nodes'),
    rule('update patch', '', 'nodes/status'),
    rule('list watch', '', 'pods'),
    eventsRule,
    rule(`${read} create delete`, storage, 'volumeattachments'),
    rule(read, storage, 'csidrivers'),
    rule(read, storage, 'csinodes'),
  ],
  'certificate-controller': [
    rule(`${read} delete`, certificates, 'certificatesigningrequests'),
    rule('update', certificates, 'certificatesigningrequests/approval certificatesigningrequests/status'),
    rule('approve', certificates, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule(
      'sign',
      certificates,
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    rule('create', authorization, 'subjectaccessreviews'),
    eventsRule,
  ],
  'clusterrole-aggregation-controller': [rule(`escalate ${read} update patch`, rbac, 'clusterroles')],
  'cronjob-controller': [
    rule(`${read} update`, 'batch', 'cronjobs'),
    rule(`${read} create update delete patch`, 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    rule('list watch delete', '', 'pods'),
    eventsRule,
  ],
  'daemon-set-controller': [
    rule(read, workloads, 'daemonsets'),
    rule('update', workloads, 'daemonsets/status'),
    rule('update', workloads, 'daemonsets/finalizers'),
    rule('list watch', '', 'nodes'),
    podWriter,
    rule('create', '', 'pods/binding'),
    rule(`${read} create delete update patch`, 'apps', 'controllerrevisions'),
    eventsRule,
  ],
  'deployment-controller': [
    rule(`${read} update`, workloads, 'deployments'),
    rule('update', workloads, 'deployments/status'),
    rule('update', workloads, 'deployments/finalizers'),
    rule(`${read} create update patch delete`, workloads, 'replicasets'),
    rule(`${read} update`, '', 'pods'),
    eventsRule,
  ],
  'disruption-controller': [
    rule(read, workloads, 'deployments'),
    rule(read, workloads, 'replicasets'),
    rule(read, '', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('update patch', '', 'pods/status'),
    rule('get', '*', '*/scale'),
    eventsRule,
  ],
  'endpoint-controller': [
    rule(read, '', 'pods services'),
    rule(`${read} create update delete`, '', 'endpoints'),
    rule('create', '', 'endpoints/restricted'),
    eventsRule,
  ],
  'endpointslice-controller': [
    rule(read, '', 'nodes pods services'),
    rule('update', '', 'services/finalizers'),
    rule(`${read} create update delete`, discovery, 'endpointslices'),
    eventsRule,
  ],
  'endpointslicemirroring-controller': [
    rule(read, '', 'endpoints services'),
    rule('update', '', 'services/finalizers'),
    rule('update', '', 'endpoints/finalizers'),
    rule(`${read} create update delete`, discovery, 'endpointslices'),
    eventsRule,
  ],
  'ephemeral-volume-controller': [
    rule(read, '', 'pods'),
    rule('update', '', 'pods/finalizers'),
    rule(`${read} create`, '', 'persistentvolumeclaims'),
    eventsRule,
  ],
  'expand-controller': [
    rule(`${read} update patch`, '', 'persistentvolumes'),
    rule('update patch', '', 'persistentvolumeclaims/status'),
    rule(read, '', 'persistentvolumeclaims'),
    eventsRule,
    rule('get', '', 'services'),
  ],
  'generic-garbage-collector': [rule(`${read} patch update delete`, '*', '*'), eventsRule],
  'horizontal-pod-autoscaler': [
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list watch', '', 'pods'),
    rule('list watch', 'metrics.k8s.io', 'pods'),
    rule(read, 'custom.metrics.k8s.io', '*'),
    rule(read, 'external.metrics.k8s.io', '*'),
    eventsRule,
  ],
  'job-controller': [
    rule(`${read} update patch`, 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    podWriter,
    eventsRule,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', '', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('patch delete', '', 'secrets'),
  ],
  'namespace-controller': [
    rule(`${read} delete`, '', 'namespaces'),
    rule('update', '', 'namespaces/finalize namespaces/status'),
    rule(`${read} delete deletecollection`, '*', '*'),
  ],
  'node-controller': [
    rule(`${read} update delete patch`, '', 'nodes'),
    rule('update patch', '', 'nodes/status'),
    rule('update patch', '', 'pods/status'),
    rule(`${read} delete`, '', 'pods'),
    eventsRule,
  ],
  'persistent-volume-binder': [
    rule(`${read} update create delete`, '', 'persistentvolumes'),
    rule('update', '', 'persistentvolumes/status'),
    rule(`${read} update`, '', 'persistentvolumeclaims'),
    rule('update', '', 'persistentvolumeclaims/status'),
    rule(`${read} create delete`, '', 'pods'),
    rule(read, storage, 'storageclasses'),
    rule('list watch', '', 'nodes'),
    eventsRule,
    rule('watch', '', 'events'),
    rule('get', '', 'services'),
  ],
  'pod-garbage-collector': [rule('list watch delete', '', 'pods'), rule(read, '', 'nodes'), rule('patch', '', 'pods/status')],
  'pv-protection-controller': [rule(`${read} update`, '', 'persistentvolumes'), eventsRule],
  'pvc-protection-controller': [rule(`${read} update`, '', 'persistentvolumeclaims'), rule(read, '', 'pods'), eventsRule],
  'replicaset-controller': [
    rule(`${read} update`, workloads, 'replicasets'),
    rule('update', workloads, 'replicasets/status'),
    rule('update', workloads, 'replicasets/finalizers'),
    podWriter,
    eventsRule,
  ],
  'replication-controller': [
    rule(`${read} update`, '', 'replicationcontrollers'),
    rule('update', '', 'replicationcontrollers/status'),
    rule('update', '', 'replicationcontrollers/finalizers'),
    podWriter,
    eventsRule,
  ],
  'resource-claim-controller': [
    rule(read, '', 'pods'),
    rule('update', '', 'pods/finalizers'),
    rule(`${read} create delete`, resource, 'resourceclaims'),
    rule('update patch', resource, 'resourceclaims resourceclaims/status'),
    rule('update patch', '', 'pods/status'),
    eventsRule,
  ],
  'resourcequota-controller': [rule('list watch', '*', '*'), rule('update', '', 'resourcequotas/status'), eventsRule],
  'root-ca-cert-publisher': [rule('create update', '', 'configmaps'), eventsRule],
  'route-controller': [rule('list watch', '', 'nodes'), rule('patch', '', 'nodes/status'), eventsRule],
  'selinux-warning-controller': [
    eventsRule,
    rule(read, '', 'persistentvolumes'),
    rule(read, '', 'persistentvolumeclaims'),
    rule(read, '', 'pods'),
    rule(read, storage, 'csidrivers'),
  ],
  'service-account-controller': [rule('create', '', 'serviceaccounts'), eventsRule],
  'service-cidrs-controller': [
    rule(`${read} update patch`, networking, 'servicecidrs'),
    rule('update patch', networking, 'servicecidrs/finalizers'),
    rule('update patch', networking, 'servicecidrs/status'),
    rule(read, networking, 'ipaddresses'),
    eventsRule,
  ],
  'service-controller': [
    rule(read, '', 'services'),
    rule('update patch', '', 'services/status'),
    rule('list watch', '', 'nodes'),
    eventsRule,
  ],
  'statefulset-controller': [
    rule('list watch', '', 'pods'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('get create delete update patch', '', 'pods'),
    rule(`${read} create delete update patch`, 'apps', 'controllerrevisions'),
    rule(`${read} create`, '', 'persistentvolumeclaims'),
    rule('update delete', '', 'persistentvolumeclaims'),
    rule('update', '', 'pods/finalizers'),
    eventsRule,
  ],
  'ttl-after-finished-controller': [rule(`${read} delete`, 'batch', 'jobs'), eventsRule],
  'ttl-controller': [rule('list watch update patch', '', 'nodes'), eventsRule],
  'validatingadmissionpolicy-status-controller': [
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get update patch', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    eventsRule,
  ],
  'volumeattributesclass-protection-controller': [
    rule(read, '', 'persistentvolumeclaims'),
    rule(read, '', 'persistentvolumes'),
    rule(`${read} update`, storage, 'volumeattributesclasses'),
    eventsRule,
  ],
}

const roleName = (controller: string) => `system:controller:${controller}`

export const controllerRoles: ClusterRole[] = Object.entries(rulesByController).map(([controller, rules]) =>
  bootstrapClusterRole(roleName(controller), rules),
)

export const controllerRoleBindings: ClusterRoleBinding[] = Object.keys(rulesByController).map(controller =>
  binding(roleName(controller), [{ kind: 'ServiceAccount', namespace: 'kube-system', name: controller }]),
)
