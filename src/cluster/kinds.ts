import type * as authorization from '#api/authorization/v1/types.gen.ts'
import type * as coordination from '#api/coordination/v1/types.gen.ts'
import type * as core from '#api/core/v1/types.gen.ts'
import type * as discovery from '#api/discovery/v1/types.gen.ts'
import type * as events from '#api/events/v1/types.gen.ts'
import type * as rbac from '#api/rbac/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'

/** Types of the built-in kinds by `apiVersion/kind`. */
export interface BuiltInKinds {
  'v1/Binding': core.Binding
  'v1/ConfigMap': core.ConfigMap
  'v1/Endpoints': core.Endpoints
  'v1/Event': core.Event
  'v1/Namespace': core.Namespace
  'v1/Node': core.Node
  'v1/Pod': core.Pod
  'v1/Secret': core.Secret
  'v1/Service': core.Service
  'v1/ServiceAccount': core.ServiceAccount
  'authorization.k8s.io/v1/SubjectAccessReview': authorization.SubjectAccessReview
  'coordination.k8s.io/v1/Lease': coordination.Lease
  'discovery.k8s.io/v1/EndpointSlice': discovery.EndpointSlice
  'events.k8s.io/v1/Event': events.Event
  'rbac.authorization.k8s.io/v1/ClusterRole': rbac.ClusterRole
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': rbac.ClusterRoleBinding
  'rbac.authorization.k8s.io/v1/Role': rbac.Role
  'rbac.authorization.k8s.io/v1/RoleBinding': rbac.RoleBinding
}

/** An object of a kind that is not built in. */
export type DynamicObject = KubeObject & { [field: string]: unknown }

/** The type of the objects that `{ apiVersion: 'v1', kind: 'Pod' }` names. */
export type ObjectOf<Ref extends { apiVersion: string; kind: string }> = `${Ref['apiVersion']}/${Ref['kind']}` extends keyof BuiltInKinds
  ? BuiltInKinds[`${Ref['apiVersion']}/${Ref['kind']}`]
  : Ref extends KubeObject
    ? Ref & KubeObject
    : DynamicObject
