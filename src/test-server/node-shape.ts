import type { SimulatedNodeGroup } from '#cluster/index.ts'
import { validateNodeGroup } from '#cluster/simulated/node-group.ts'
import { described, either, integer, list, map, number, object, oneOf, type Shape, text } from './shape.ts'

const amount = either(number({ min: 0 }), text())

const capacity = object({}, { cpu: amount, memory: text(), pods: amount, 'ephemeral-storage': text() })
const taint = object({ key: text(), effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') }, { value: text() })

const fields = object(
  { count: integer({ min: 1, max: 10_000 }) },
  {
    capacity: described('As in status.capacity; default 8 CPUs, 32Gi, 110 pods, 100Gi of ephemeral storage', capacity),
    labels: map(text()),
    taints: list(taint),
    namePrefix: described('Nodes are called node-0, node-1, … unless this says otherwise', text()),
  },
)

/** Simulated nodes of one kind. */
export const nodeGroup: Shape<SimulatedNodeGroup> = {
  ...fields,
  read: (value, at, errors) => {
    const known = errors.length
    const group = fields.read(value, at, errors)
    if (errors.length === known) errors.push(...validateNodeGroup(group, at))
    return group
  },
}
