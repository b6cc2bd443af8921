type Labels = Readonly<Record<string, string>> | undefined

const restrictedDomain = 'node-restriction.kubernetes.io'

/** Labels of Kubernetes' own domains that kubelets set. */
const kubeletLabels: ReadonlySet<string> = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
])
const kubeletDomains = ['kubelet.kubernetes.io', 'node.kubernetes.io']

/** Labels that differ between the two and that a kubelet may not touch, sorted. */
export function forbiddenNodeLabels(labels: Labels, old: Labels): string[] {
  const keys = new Set([...Object.keys(labels ?? {}), ...Object.keys(old ?? {})])
  return [...keys].filter(key => labels?.[key] !== old?.[key] && isForbidden(key)).sort()
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf('/')
  const domain = slash < 0 ? '' : key.slice(0, slash)
  if (isWithin(domain, restrictedDomain)) return true
  const isKubernetes = isWithin(domain, 'kubernetes.io') || isWithin(domain, 'k8s.io')
  return isKubernetes && !kubeletLabels.has(key) && !kubeletDomains.some(own => isWithin(domain, own))
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`)
}
