import { readFile } from 'node:fs/promises'
import type { Logger } from '#base/log.ts'
import type { Cgroups } from '../cgroups/cgroups.ts'
import { LinuxCgroups } from '../cgroups/linux-cgroups.ts'
import { LinuxNodeProbe } from '../node/linux-node-probe.ts'
import type { NodeProbe } from '../node/node-probe.ts'
import { type LogFiles, machineLogFiles } from '../logs/log-files.ts'
import { type Dialer, machineDialer } from './dialer.ts'
import type { HostFiles } from './host-files.ts'
import { LinuxHostFiles } from './linux-host-files.ts'

/** The machine below a kubelet: everything that it touches beside the runtime and the API. */
export interface NodeHost {
  files: HostFiles
  cgroups: Cgroups
  probe: NodeProbe
  dialer: Dialer
  logs: LogFiles
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
    dialer: machineDialer,
    logs: machineLogFiles,
    resolvConf: () => readFile('/etc/resolv.conf', 'utf8').catch(() => ''),
    hosts: () => readFile('/etc/hosts', 'utf8').catch(() => ''),
  }
}
