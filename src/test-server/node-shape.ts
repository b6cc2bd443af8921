import { simulatedNodeGroup } from '#cluster/simulated/node-group.ts'
import { integer } from '#apimachinery/validation/shape.ts'

/** Simulated nodes of one kind. */
export const nodeGroup = simulatedNodeGroup(integer({ min: 1, max: 10_000 }))
