import type { MachineFacts, NodeProbe, PressureFacts } from './node-probe.ts'

export interface SimulatedMachine {
  cpus: number
  memoryBytes: number
  ephemeralStorageBytes?: number
  extendedResources?: Readonly<Record<string, string>>
}

/** What is seen of a machine that is only said to be there. */
export class SimulatedNodeProbe implements NodeProbe {
  readonly #facts: SimulatedFacts
  readonly #isDiskFull: () => boolean

  constructor(machine: SimulatedMachine, isDiskFull: () => boolean) {
    this.#facts = factsOf(machine)
    this.#isDiskFull = isDiskFull
  }

  async machine(): Promise<MachineFacts> {
    return this.#facts.machine
  }

  async pressure(): Promise<PressureFacts> {
    return this.#isDiskFull() ? this.#facts.full : this.#facts.plenty
  }
}

interface SimulatedFacts {
  machine: MachineFacts
  plenty: PressureFacts
  full: PressureFacts
}

/** Thousands of nodes are machines of one kind. */
const known = new WeakMap<SimulatedMachine, SimulatedFacts>()

function factsOf(machine: SimulatedMachine): SimulatedFacts {
  let facts = known.get(machine)
  if (facts === undefined) known.set(machine, (facts = newFacts(machine)))
  return facts
}

function newFacts(machine: SimulatedMachine): SimulatedFacts {
  const plenty = { memoryAvailableBytes: machine.memoryBytes, diskAvailableShare: 1, inodesFreeShare: 1, pidsAvailable: 32_768 }
  return {
    machine: {
      ephemeralStorageBytes: 100 * 1024 ** 3,
      ...machine,
      hugePages: {},
      info: {
        machineID: 'simulated',
        systemUUID: 'simulated',
        bootID: 'simulated',
        kernelVersion: 'simulated',
        osImage: 'Coxswain simulated node',
        operatingSystem: 'linux',
        architecture: 'amd64',
      },
    },
    plenty,
    full: { ...plenty, diskAvailableShare: 0 },
  }
}
