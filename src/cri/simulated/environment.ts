import type { Clock } from '#base/clock.ts'
import { SimulatedImages } from './images.ts'
import { type LogStore, MemoryLogStore } from './log-store.ts'
import { SimulatedNetwork } from './network.ts'

/** What a node's files are, for programs that read and write mounted ones. */
export interface NodeFiles {
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<Uint8Array | undefined>
  writeFile(path: string, content: Uint8Array | string): Promise<void>
  /** With those that it lies in. */
  makeDirectory(path: string, mode: number): Promise<void>
  /** Names in a folder; empty when it is missing. */
  list(path: string): Promise<string[]>
  remove(path: string): Promise<void>
}

/** What all simulated nodes of a cluster have in common. */
export interface SimulatedEnvironment {
  readonly clock: Clock
  readonly images: SimulatedImages
  readonly network: SimulatedNetwork
  readonly logs: LogStore
}

export function simulatedEnvironment(options: { clock: Clock } & Partial<SimulatedEnvironment>): SimulatedEnvironment {
  const { clock, images, network, logs } = options
  return {
    clock,
    images: images ?? new SimulatedImages(),
    network: network ?? new SimulatedNetwork({ clock }),
    logs: logs ?? new MemoryLogStore(),
  }
}
