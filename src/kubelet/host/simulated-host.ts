import type { LogSource, SimulatedNetwork } from '#cri/simulated/index.ts'
import { NoCgroups } from '../cgroups/cgroups.ts'
import { MemoryLogFiles } from '../logs/memory-log-files.ts'
import { type SimulatedMachine, SimulatedNodeProbe } from '../node/simulated-node-probe.ts'
import { MemoryHostFiles } from './memory-host-files.ts'
import type { NodeHost } from './node-host.ts'
import { SimulatedDialer } from './simulated-dialer.ts'

export interface SimulatedSurroundings {
  /** Where pods are reached. */
  network: SimulatedNetwork
  /** Where containers log to. */
  logs: LogSource
  /** The node's files: the runtime may share them, for what is mounted. */
  files?: MemoryHostFiles
  /** Nothing more can be written. */
  isDiskFull?: () => boolean
}

const cgroups = new NoCgroups()
const noText = async () => ''

/** A machine that is only said to be there: no file, cgroup, socket or process of the real one is touched. */
export function simulatedHost(machine: SimulatedMachine, surroundings: SimulatedSurroundings): NodeHost {
  const { network, logs, files = new MemoryHostFiles(), isDiskFull = () => false } = surroundings
  return {
    files,
    cgroups,
    dialer: new SimulatedDialer(network),
    logs: new MemoryLogFiles(logs),
    probe: new SimulatedNodeProbe(machine, isDiskFull),
    resolvConf: noText,
    hosts: noText,
  }
}
