import { descriptions as core } from './core/v1/descriptions.ts'
import type { TypeDescription } from './core/v1/descriptions/type-description.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const rbac = 'io.k8s.api.rbac.v1.'

const metaDescriptions: Record<string, TypeDescription> = {
  [`${meta}ObjectMeta`]: {
    description: 'What all objects have: name, namespace, labels and what the system notes.',
    fields: {
      annotations: 'Notes for tools; not for selecting.',
      creationTimestamp: 'When the object was created.',
      deletionGracePeriodSeconds: 'Seconds from the request to delete to the removal.',
      deletionTimestamp: 'When the object will be removed; set by a delete.',
      finalizers: 'Who has something to do before the object is removed.',
      generateName: 'Start of a name that the server completes.',
      generation: 'Counts changes of what is wanted.',
      labels: 'Keys and values for selecting.',
      managedFields: 'Who owns which fields.',
      name: 'Name, unique in the namespace for this kind.',
      namespace: 'Namespace that the object belongs to.',
      ownerReferences: 'Objects that this one belongs to, and goes with.',
      resourceVersion: 'Version of the object: changes with each write.',
      selfLink: 'No longer used.',
      uid: 'Identity: never used again.',
    },
  },
  [`${meta}ListMeta`]: {
    description: 'What all lists have.',
    fields: {
      continue: 'Token for the next page.',
      remainingItemCount: 'About how many objects follow.',
      resourceVersion: 'Version of the list, from which a watch can start.',
      shardInfo: 'The part of the objects that the list is made of.',
      selfLink: 'No longer used.',
    },
  },
  [`${meta}ShardInfo`]: { description: 'A part of the objects.', fields: { selector: 'What selects it.' } },
  [`${meta}Preconditions`]: {
    description: 'What must hold before something is done.',
    fields: { resourceVersion: 'Version that the object must have.', uid: 'Identity that the object must have.' },
  },
  [`${meta}StatusDetails`]: {
    description: 'What the outcome of a request is about.',
    fields: {
      causes: 'What is wrong, one by one.',
      group: 'Group of the resource.',
      kind: 'The resource or kind.',
      name: 'Name of the object.',
      retryAfterSeconds: 'When it may be tried again.',
      uid: 'Identity of the object.',
    },
  },
  [`${meta}StatusCause`]: {
    description: 'One thing that is wrong.',
    fields: { field: 'The field.', message: 'What is wrong, for people.', reason: 'What is wrong, for programs.' },
  },
  [`${meta}LabelSelector`]: {
    description: 'Selects objects by labels; all parts must hold.',
    fields: { matchExpressions: 'Conditions on labels.', matchLabels: 'Labels with their values.' },
  },
  [`${meta}LabelSelectorRequirement`]: {
    description: 'A condition on a label.',
    fields: { key: 'The label.', operator: 'In, NotIn, Exists or DoesNotExist.', values: 'What In and NotIn compare with.' },
  },
  [`${meta}ManagedFieldsEntry`]: {
    description: 'Fields that one manager owns.',
    fields: {
      apiVersion: 'Version that the fields are written in.',
      fieldsType: 'FieldsV1.',
      fieldsV1: 'The fields, as a tree.',
      manager: 'Who owns them.',
      operation: 'How they were set: Apply or Update.',
      subresource: 'Part of the object through which they were set.',
      time: 'When the entry changed last.',
    },
  },
  [`${meta}OwnerReference`]: {
    description: 'An object that owns this one.',
    fields: {
      apiVersion: 'Group and version of the owner.',
      blockOwnerDeletion: 'Whether a foreground deletion of the owner waits for this object.',
      controller: 'Whether the owner is the one that manages it.',
      kind: 'Kind of the owner.',
      name: 'Name of the owner.',
      uid: 'Identity of the owner.',
    },
  },
  [`${meta}Status`]: {
    description: 'The outcome of a request that is no object.',
    fields: {
      code: 'HTTP status.',
      details: 'What it is about.',
      message: 'What happened, for people.',
      reason: 'What happened, for programs.',
      status: 'Success or Failure.',
    },
  },
  [`${meta}DeleteOptions`]: {
    description: 'How something is deleted.',
    fields: {
      dryRun: 'With All, nothing is deleted.',
      gracePeriodSeconds: 'Seconds before the object is removed; 0 for at once.',
      ignoreStoreReadErrorWithClusterBreakingPotential: 'Whether an object that cannot be read any more is removed all the same.',
      orphanDependents: 'Old form of propagationPolicy.',
      preconditions: 'What must hold, or nothing is deleted.',
      propagationPolicy: 'What becomes of dependents: Orphan, Background or Foreground.',
    },
  },
  [`${meta}Condition`]: {
    description: 'One aspect of the state of an object.',
    fields: {
      lastTransitionTime: 'When the status changed last.',
      message: 'Why, for people.',
      observedGeneration: 'Generation that it was seen at.',
      reason: 'Why, in one word.',
      status: 'True, False or Unknown.',
      type: 'Which aspect.',
    },
  },
}

const rbacDescriptions: Record<string, TypeDescription> = {
  [`${rbac}Role`]: { description: 'Permissions in one namespace.', fields: { rules: 'What is allowed.' } },
  [`${rbac}ClusterRole`]: {
    description: 'Permissions in the whole cluster, or in the namespaces of the bindings that name it.',
    fields: { aggregationRule: 'Takes the rules from other roles.', rules: 'What is allowed.' },
  },
  [`${rbac}RoleBinding`]: {
    description: 'Gives a role to users, in one namespace.',
    fields: { roleRef: 'The role; cannot be changed.', subjects: 'Who gets it.' },
  },
  [`${rbac}ClusterRoleBinding`]: {
    description: 'Gives a cluster role to users, in the whole cluster.',
    fields: { roleRef: 'The role; cannot be changed.', subjects: 'Who gets it.' },
  },
  [`${rbac}PolicyRule`]: {
    description: 'Verbs on resources or paths that are allowed.',
    fields: {
      apiGroups: "API groups; '*' for all.",
      nonResourceURLs: "Paths that are no resources; a '*' at the end stands for any rest.",
      resourceNames: 'Names of objects; all when empty.',
      resources: "Resources, as pods or pods/log; '*' for all.",
      verbs: "Verbs; '*' for all.",
    },
  },
  [`${rbac}Subject`]: {
    description: 'A user, group or service account.',
    fields: {
      apiGroup: 'API group of the kind.',
      kind: 'User, Group or ServiceAccount.',
      name: 'Name.',
      namespace: 'Namespace of a service account.',
    },
  },
}

const otherKinds: Record<string, TypeDescription> = {
  'io.k8s.api.coordination.v1.Lease': {
    description: 'A claim with an end, that its holder renews.',
    fields: { spec: 'Who holds it and how long.' },
  },
  'io.k8s.api.coordination.v1.LeaseSpec': {
    description: 'Who holds a lease and how long.',
    fields: {
      acquireTime: 'Since when its holder has it.',
      holderIdentity: 'Who holds it.',
      leaseDurationSeconds: 'How long others must wait after a renewal.',
      leaseTransitions: 'How often it has changed hands.',
      preferredHolder: 'Who should have it next.',
      renewTime: 'When it was renewed last.',
      strategy: 'How its holder is chosen.',
    },
  },
  'io.k8s.api.discovery.v1.EndpointSlice': {
    description: 'Some of the addresses behind a service.',
    fields: { addressType: 'IPv4, IPv6 or FQDN.', endpoints: 'The addresses.', ports: 'Ports of all of them.' },
  },
  'io.k8s.api.events.v1.Event': {
    description: 'Something that happened to an object.',
    fields: {
      action: 'What was done, in one word.',
      deprecatedCount: 'How often it happened; of the core form.',
      deprecatedFirstTimestamp: 'When it happened first; of the core form.',
      deprecatedLastTimestamp: 'When it happened last; of the core form.',
      deprecatedSource: 'Who saw it; of the core form.',
      eventTime: 'When it was seen first.',
      note: 'What happened, for people.',
      reason: 'What happened, in one word.',
      regarding: 'What it happened to.',
      related: 'Another object that has to do with it.',
      reportingController: 'The program that saw it.',
      reportingInstance: 'Which one of them.',
      series: 'How it goes on.',
      type: 'Normal or Warning.',
    },
  },
  'io.k8s.api.policy.v1.Eviction': { description: 'A polite request to delete a pod, which budgets can refuse.' },
  'io.k8s.api.authentication.v1.TokenRequest': { description: 'Asks for a token of a service account.' },
  'io.k8s.api.authentication.v1.TokenReview': { description: 'Asks whose token that is.' },
  'io.k8s.api.authentication.v1.SelfSubjectReview': { description: 'Asks who one is.' },
  'io.k8s.api.authorization.v1.SubjectAccessReview': { description: 'Asks whether somebody may do something.' },
  'io.k8s.api.authorization.v1.LocalSubjectAccessReview': { description: 'Asks whether somebody may do something in a namespace.' },
  'io.k8s.api.authorization.v1.SelfSubjectAccessReview': { description: 'Asks whether one may do something.' },
  'io.k8s.api.authorization.v1.SelfSubjectRulesReview': { description: 'Asks what one may do in a namespace.' },
}

/** What `kubectl explain` says, by definition name. */
export const descriptions: Readonly<Record<string, TypeDescription>> = { ...metaDescriptions, ...core, ...rbacDescriptions, ...otherKinds }
