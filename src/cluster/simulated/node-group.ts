import type { Taint } from '#api/core/v1/types.gen.ts'
import { Quantity, QuantityError } from '#apimachinery/quantity/quantity.ts'
import { aggregateText, type FieldError, type FieldPath, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import { isDNS1123Subdomain, isValidLabelValue, validateLabelName, validateLabels } from '#apimachinery/validation/names.ts'
import type { SimulatedMachine } from '#kubelet/index.ts'

/** Nodes that run no container anywhere; all else of them is real. */
export interface SimulatedNodeGroup {
  count: number
  runtime?: 'simulated'
  /** As in `status.capacity`. Default: 8 CPUs, 32Gi, 110 pods, 100Gi of ephemeral storage. */
  capacity?: { cpu?: number | string; memory?: string; pods?: number | string; 'ephemeral-storage'?: string }
  labels?: Readonly<Record<string, string>>
  taints?: readonly Taint[]
  /** Nodes are called `node-0`, `node-1`, … unless this says otherwise. */
  namePrefix?: string
}

const defaultCapacity = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }

type Resource = keyof typeof defaultCapacity

/** What makes no sense. The API would refuse such nodes, and their kubelets try for ever. */
export function validateNodeGroup(
  { namePrefix = 'node', capacity = {}, labels, taints = [] }: SimulatedNodeGroup,
  at: FieldPath = pathOf(),
): FieldError[] {
  const amounts = Object.entries(capacity).flatMap(([name, value]) =>
    amountOf(value) >= 1 ? [] : [invalid(at.child('capacity').key(name), value, 'must be a quantity of 1 or more')],
  )
  const prefix = isDNS1123Subdomain(`${namePrefix}-0`).map(detail => invalid(at.child('namePrefix'), namePrefix, detail))
  const ofTaints = taints.flatMap(({ key, value = '' }, index) => {
    const taint = at.child('taints').index(index)
    return [
      ...validateLabelName(key, taint.child('key')),
      ...isValidLabelValue(value).map(detail => invalid(taint.child('value'), value, detail)),
    ]
  })
  return [...prefix, ...amounts, ...validateLabels(labels === undefined ? {} : { ...labels }, at.child('labels')), ...ofTaints]
}

/** @throws Error for what makes no sense */
export function machineOf(group: SimulatedNodeGroup): SimulatedMachine & { maxPods: number } {
  const errors = validateNodeGroup(group)
  if (errors.length > 0) throw new Error(`these nodes make no sense: ${aggregateText(errors)}`)
  const amount = (name: Resource) => amountOf(group.capacity?.[name] ?? defaultCapacity[name])
  return {
    cpus: amount('cpu'),
    memoryBytes: amount('memory'),
    ephemeralStorageBytes: amount('ephemeral-storage'),
    maxPods: amount('pods'),
  }
}

/** NaN for what is no quantity. */
function amountOf(value: number | string): number {
  try {
    return Quantity.parse(String(value)).value()
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error
    return Number.NaN
  }
}
