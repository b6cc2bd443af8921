import { existsSync, readFileSync } from 'node:fs'

/** Bit of CAP_SYS_RESOURCE in a capability set. */
const sysResourceBit = 24n

/** Whether the effective capabilities in the text of /proc/<pid>/status have CAP_SYS_RESOURCE. */
export function hasSysResource(procStatus: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus)?.[1]
  return effective !== undefined && ((BigInt(`0x${effective}`) >> sysResourceBit) & 1n) === 1n
}

/** Whether this process may lower the OOM score of others. */
export function canLowerOOMScore(): boolean {
  return hasSysResource(readFileSync('/proc/self/status', 'utf8'))
}

/** Whether AppArmor is active in the kernel and its parser is there to load profiles. */
export function hasAppArmor(): boolean {
  const enabled = '/sys/module/apparmor/parameters/enabled'
  return existsSync(enabled) && readFileSync(enabled, 'utf8').startsWith('Y') && existsSync('/sbin/apparmor_parser')
}
