import { isExtendedResource } from '#api/core/v1/resource-names.ts'
import type { Taint } from '#api/core/v1/types.gen.ts'
import { Quantity, QuantityError } from '#apimachinery/quantity/quantity.ts'
import {
  aggregateText,
  type FieldError,
  type FieldPath,
  invalid,
  notSupported,
  path as pathOf,
} from '#apimachinery/validation/field-error.ts'
import { isDNS1123Subdomain, isValidLabelValue, validateLabelName, validateLabels } from '#apimachinery/validation/names.ts'
import { described, either, integer, list, map, number, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'
import type { SimulatedMachine } from '#kubelet/index.ts'

/** Nodes that run no container anywhere; all else of them is real. */
export interface SimulatedNodeGroup {
  count: number
  runtime?: 'simulated'
  /** As in `status.capacity`, extended resources such as `nvidia.com/gpu` too. Default: 8 CPUs, 32Gi, 110 pods, 100Gi of ephemeral storage. */
  capacity?: {
    cpu?: number | string
    memory?: string
    pods?: number | string
    'ephemeral-storage'?: string
    [extendedResource: `${string}/${string}`]: number | string
  }
  labels?: Readonly<Record<string, string>>
  taints?: readonly Taint[]
  /** Nodes are called `node-0`, `node-1`, … unless this says otherwise. */
  namePrefix?: string
}

const defaultCapacity = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }

type Resource = keyof typeof defaultCapacity

export const taint = object(
  { key: text(), effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') },
  { value: text(), timeAdded: text() },
)

const optionalFields = {
  runtime: oneOf('simulated'),
  capacity: described(
    'As in status.capacity; default 8 CPUs, 32Gi, 110 pods, 100Gi of ephemeral storage; also extended resources such as nvidia.com/gpu',
    map(either(number({ min: 0 }), text())),
  ),
  labels: map(text()),
  taints: list(taint),
  namePrefix: described('Nodes are called node-0, node-1, … unless this says otherwise', text()),
}

/** What describes simulated nodes of one kind: the API would refuse nodes that make no sense, and their kubelets try for ever. */
export function simulatedNodeGroup(count: Shape<number>): Shape<SimulatedNodeGroup> {
  const fields = object({ count }, optionalFields) as Shape<SimulatedNodeGroup>
  return {
    ...fields,
    read: (value, at, errors) => {
      const known = errors.length
      const group = fields.read(value, at, errors)
      if (errors.length === known) errors.push(...nonsenseIn(group, at))
      return group
    },
  }
}

const anyCount = simulatedNodeGroup(integer({ min: 0 }))

/** What makes no sense. */
export function validateNodeGroup(group: SimulatedNodeGroup, at: FieldPath = pathOf()): FieldError[] {
  if (!anyCount.fits(group)) return [invalid(at, group, `must be ${anyCount.noun}, such as { count: 3 }`)]
  const errors: FieldError[] = []
  anyCount.read(group, at, errors)
  return errors
}

function nonsenseIn({ namePrefix = 'node', capacity = {}, labels, taints = [] }: SimulatedNodeGroup, at: FieldPath): FieldError[] {
  const amounts = Object.entries(capacity).flatMap(([name, value]) => {
    const resource = at.child('capacity').key(name)
    if (!isResource(name))
      return [notSupported(resource, name, [...Object.keys(defaultCapacity), 'extended resources such as nvidia.com/gpu'])]
    return amountOf(value) >= 1 ? [] : [invalid(resource, value, 'must be a quantity of 1 or more')]
  })
  const prefix = isDNS1123Subdomain(`${namePrefix}-0`).map(detail => invalid(at.child('namePrefix'), namePrefix, detail))
  const ofTaints = taints.flatMap(({ key, value = '' }, index) => {
    const place = at.child('taints').index(index)
    return [
      ...validateLabelName(key, place.child('key')),
      ...isValidLabelValue(value).map(detail => invalid(place.child('value'), value, detail)),
    ]
  })
  return [...prefix, ...amounts, ...validateLabels(labels === undefined ? {} : { ...labels }, at.child('labels')), ...ofTaints]
}

const isResource = (name: string) => Object.hasOwn(defaultCapacity, name) || isExtendedResource(name)

/** @throws Error for what makes no sense */
export function machineOf(group: SimulatedNodeGroup): SimulatedMachine & { maxPods: number } {
  const errors = validateNodeGroup(group)
  if (errors.length > 0) throw new Error(`these nodes make no sense: ${aggregateText(errors)}`)
  const { capacity = {} } = group
  const amount = (name: Resource) => amountOf(capacity[name] ?? defaultCapacity[name])
  const extended = Object.entries(capacity).filter(([name]) => isExtendedResource(name))
  return {
    cpus: Quantity.parse(String(capacity.cpu ?? defaultCapacity.cpu)).milliValue() / 1_000,
    memoryBytes: amount('memory'),
    ephemeralStorageBytes: amount('ephemeral-storage'),
    maxPods: amount('pods'),
    ...(extended.length > 0 && { extendedResources: Object.fromEntries(extended.map(([name, value]) => [name, String(amountOf(value))])) }),
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
