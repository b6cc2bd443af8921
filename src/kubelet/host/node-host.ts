import { readFile } from 'node:fs/promises'
import type { Logger } from '#base/log.ts'
import { type Cgroups, NoCgroups } from '../cgroups/cgroups.ts'
import { LinuxCgroups } from '../cgroups/linux-cgroups.ts'
import { LinuxNodeProbe } from '../node/linux-node-probe.ts'
import type { MachineFacts, NodeProbe } from '../node/node-probe.ts'
import type { HostFiles } from './host-files.ts'
import { LinuxHostFiles } from './linux-host-files.ts'
import { NoHostFiles } from './no-host-files.ts'

/** The machine below a kubelet: everything that it touches beside the runtime and the API. */
export interface NodeHost {
  files: HostFiles
  cgroups: Cgroups
  probe: NodeProbe
  /** Text of the machine's resolv.conf; '' for none. */
  resolvConf(): Promise<string>
  /** Text of the machine's /etc/hosts; '' for none. */
  hosts(): Promise<string>
}

export interface LinuxHostOptions {
  log: Logger
  rootDirectory: string
  /** Where our part of the cgroup tree begins: '' or `/name`. */
  cgroupRoot: string
}

export function linuxHost({ log, rootDirectory, cgroupRoot }: LinuxHostOptions): NodeHost {
  return {
    files: new LinuxHostFiles(`${rootDirectory}/memory`),
    cgroups: new LinuxCgroups({ log, root: cgroupRoot }),
    probe: new LinuxNodeProbe(rootDirectory),
    resolvConf: () => readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    hosts: () => readFile('/etc/hosts', 'utf8').catch(() => ''),
  }
}

/** A machine that is only said to be there: no file, cgroup or process of the real one is touched. */
export function simulatedHost(machine: { cpus: number; memoryBytes: number }): NodeHost {
  const facts: MachineFacts = {
    ...machine,
    ephemeralStorageBytes: 100 * 1024 ** 3,
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
  }
  return {
    files: new NoHostFiles(),
    cgroups: new NoCgroups(),
    probe: {
      machine: async () => facts,
      pressure: async () => ({
        memoryAvailableBytes: machine.memoryBytes,
        diskAvailableShare: 1,
        inodesFreeShare: 1,
        pidsAvailable: 32_768,
      }),
    },
    resolvConf: async () => '',
    hosts: async () => '',
  }
}
