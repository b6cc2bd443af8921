import type { Taint } from '#api/core/v1/types.gen.ts'
import { Quantity } from '#apimachinery/quantity/quantity.ts'
import type { SimulatedMachine } from '#kubelet/index.ts'

/** Nodes of one kind. */
export interface NodeGroup {
  count: number
  /** `simulated`: no container runs anywhere, all else is real. */
  runtime?: 'simulated'
  /** As in `status.capacity`. Default: 8 CPUs, 32Gi, 110 pods, 100Gi of ephemeral storage. */
  capacity?: { cpu?: number | string; memory?: string; pods?: number | string; 'ephemeral-storage'?: string }
  labels?: Readonly<Record<string, string>>
  taints?: readonly Taint[]
  /** Nodes are called `node-0`, `node-1`, … unless this says otherwise. */
  namePrefix?: string
}

const defaultCapacity = { cpu: '8', memory: '32Gi', pods: '110', 'ephemeral-storage': '100Gi' }

/** @throws Error for amounts that make no sense */
export function machineOf({ capacity = {} }: NodeGroup): SimulatedMachine & { maxPods: number } {
  const amount = (name: keyof typeof defaultCapacity) => {
    const text = String(capacity[name] ?? defaultCapacity[name])
    const value = Quantity.parse(text).value()
    if (!(value >= 1)) throw new Error(`a node cannot have ${text} of ${name}`)
    return value
  }
  return {
    cpus: amount('cpu'),
    memoryBytes: amount('memory'),
    ephemeralStorageBytes: amount('ephemeral-storage'),
    maxPods: amount('pods'),
  }
}
