import type { TypeDescriptions } from './type-description.ts'

const preferred = 'Rules that nodes should meet; weights decide between them.'
const required = 'Rules that a node must meet. Not looked at again once the pod runs.'

/** Where pods may run. */
export const scheduling: TypeDescriptions = {
  Affinity: {
    description: 'Rules by which the scheduler prefers or refuses nodes.',
    fields: {
      nodeAffinity: 'Rules about the node itself.',
      podAffinity: 'Pods that this one wants to be near.',
      podAntiAffinity: 'Pods that this one wants to be away from.',
    },
  },
  NodeAffinity: {
    description: 'Rules about nodes.',
    fields: { preferredDuringSchedulingIgnoredDuringExecution: preferred, requiredDuringSchedulingIgnoredDuringExecution: required },
  },
  PodAffinity: {
    description: 'Pods that this one wants to be near.',
    fields: { preferredDuringSchedulingIgnoredDuringExecution: preferred, requiredDuringSchedulingIgnoredDuringExecution: required },
  },
  PodAntiAffinity: {
    description: 'Pods that this one wants to be away from.',
    fields: { preferredDuringSchedulingIgnoredDuringExecution: preferred, requiredDuringSchedulingIgnoredDuringExecution: required },
  },
  PreferredSchedulingTerm: {
    description: 'A rule about nodes with a weight.',
    fields: { preference: 'The rule.', weight: 'What a node gains that meets it, 1 to 100.' },
  },
  NodeSelector: {
    description: 'Terms, of which a node must meet one.',
    fields: { nodeSelectorTerms: 'The terms; one of them is enough.' },
  },
  NodeSelectorTerm: {
    description: 'Requirements that must all be met; an empty term is met by no node.',
    fields: { matchExpressions: 'About labels of the node.', matchFields: 'About fields of the node: metadata.name.' },
  },
  NodeSelectorRequirement: {
    description: 'A requirement about one label or field.',
    fields: {
      key: 'The label or field.',
      operator: 'In, NotIn, Exists, DoesNotExist, Gt or Lt.',
      values: 'What the operator compares with; one whole number for Gt and Lt, none for Exists and DoesNotExist.',
    },
  },
  WeightedPodAffinityTerm: {
    description: 'A rule about other pods with a weight.',
    fields: { podAffinityTerm: 'The rule.', weight: 'What a node gains that meets it, 1 to 100.' },
  },
  PodAffinityTerm: {
    description: 'A set of pods, and what counts as the same place.',
    fields: {
      matchLabelKeys: 'Labels of this pod whose values the others must have too.',
      mismatchLabelKeys: 'Labels of this pod whose values the others must not have.',
      namespaces: "Namespaces of the pods; the pod's own by default.",
      topologyKey: 'Label of nodes: those with the same value are one place.',
    },
  },
  TopologySpreadConstraint: {
    description: 'How evenly pods are spread over places.',
    fields: {
      matchLabelKeys: 'Labels of this pod whose values the counted ones must have too.',
      maxSkew: 'The greatest difference between two places.',
      minDomains: 'Fewer places than that count as if one more were empty.',
      nodeAffinityPolicy: "Whether only nodes that the pod's rules allow are counted: Honor or Ignore.",
      nodeTaintsPolicy: 'Whether only nodes whose taints are tolerated are counted: Honor or Ignore.',
      topologyKey: 'Label of nodes: those with the same value are one place.',
      whenUnsatisfiable: 'DoNotSchedule, or ScheduleAnyway to only prefer it.',
    },
  },
  PodSchedulingGate: { description: 'Keeps a pod from being scheduled until it is taken away.', fields: { name: 'Name of the gate.' } },
  PodSchedulingGroup: { description: 'Pods that are scheduled together.', fields: { podGroupName: 'Name of the group.' } },
  PodReadinessGate: {
    description: 'A condition that must be True before the pod is ready.',
    fields: { conditionType: 'Type of the condition.' },
  },
  PodResourceClaim: {
    description: 'A claim of resources that containers of the pod can use.',
    fields: {
      name: 'Name of the claim in the pod.',
      resourceClaimName: 'A claim that exists.',
      resourceClaimTemplateName: 'A template that a claim is made from, for this pod alone.',
    },
  },
}
