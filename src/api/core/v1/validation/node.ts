import { duplicate, type FieldError, type FieldPath, forbidden, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { isCIDRForLegacyField, ipFamilyOf, nameIsDNSSubdomain } from '#apimachinery/validation/names.ts'
import type { Node } from '../types.gen.ts'
import { validateCoreMeta, validateCoreMetaUpdate } from './names.ts'
import { validateResourceQuantity } from './resources.ts'
import { validateTaints } from './tolerations.ts'

const podCIDRsPath = pathOf('spec', 'podCIDRs')
/** Where upstream reports errors of taints. */
const taintsPath = pathOf('metadata', 'taints')

export function validateNode(node: Node): FieldError[] {
  return [
    ...validateCoreMeta(node.metadata, { namespaced: false, nameFn: nameIsDNSSubdomain }),
    ...validateTaints(node.spec.taints, taintsPath),
    ...validateNodeResources(node),
    ...validatePodCIDRs(node.spec.podCIDRs ?? [], podCIDRsPath),
  ]
}

export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = [...validateCoreMetaUpdate(node.metadata, old.metadata), ...validateNodeResources(node)]
  const addresses = node.status?.addresses ?? []
  for (const [index, { type, address }] of addresses.entries()) {
    const first = addresses.findIndex(other => other.type === type && other.address === address)
    if (first < index) errors.push(duplicate(pathOf('status', 'addresses').index(index), { type, address }))
  }
  errors.push(...validateFixedSpec(node, old))
  const { configSource } = node.spec
  if (configSource !== undefined && configSource.configMap === undefined) {
    errors.push(invalid(pathOf('spec', 'configSource'), configSource, 'exactly one reference subfield must be non-nil'))
  }
  return [...errors, ...validateTaints(node.spec.taints, taintsPath)]
}

/** Set once, these stay. */
function validateFixedSpec({ spec }: Node, { spec: old }: Node): FieldError[] {
  const errors: FieldError[] = []
  const cidrs = spec.podCIDRs ?? []
  const oldCIDRs = old.podCIDRs ?? []
  if (oldCIDRs.length > 0 && (cidrs.length !== oldCIDRs.length || oldCIDRs.some((cidr, index) => cidr !== cidrs[index]))) {
    errors.push(forbidden(podCIDRsPath, 'node updates may not change podCIDR except from "" to valid'))
  }
  if (old.providerID && old.providerID !== spec.providerID) {
    errors.push(forbidden(pathOf('spec', 'providerID'), 'node updates may not change providerID except from "" to valid'))
  }
  if ((old.externalID ?? '') !== (spec.externalID ?? '')) errors.push(forbidden(pathOf('spec', 'externalID'), 'may not be updated'))
  return errors
}

function validateNodeResources({ status }: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap(list =>
    Object.entries(status?.[list] ?? {}).flatMap(([name, quantity]) =>
      validateResourceQuantity(name, quantity, pathOf('status', list, name)),
    ),
  )
}

/** At most one range of each address family. */
export function validatePodCIDRs(cidrs: readonly string[], path: FieldPath): FieldError[] {
  const errors = cidrs.flatMap((cidr, index) => isCIDRForLegacyField(cidr).map(message => invalid(path.index(index), cidr, message)))
  if (cidrs.length < 2) return errors
  const families = new Set(cidrs.map(cidr => ipFamilyOf(cidr.split('/')[0]!)))
  if (families.size !== 2 || cidrs.length > 2) errors.push(invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'))
  for (const [index, cidr] of cidrs.entries()) if (cidrs.indexOf(cidr) < index) errors.push(duplicate(path.index(index), cidr))
  return errors
}
