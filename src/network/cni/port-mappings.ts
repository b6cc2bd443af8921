import { run } from '#base/process.ts'

/** The chains that the portmap plugin shares among all containers of a machine and never removes. */
const sharedChains = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-MASQ', 'CNI-HOSTPORT-SETMARK']
const families = ['ip', 'ip6'] as const
const table = 'nat'

interface Listed {
  chain?: { name: string; hook?: string }
  rule?: { chain: string; handle: number; expr: { jump?: { target: string } }[] }
}

/** Commands for `nft -f` that remove the shared chains of host ports from a listed table; none while a host port is in use. */
export function planRemoval(family: string, listed: readonly Listed[], removeTable: boolean): string[] {
  const chains = listed.flatMap(({ chain }) => chain ?? [])
  const rules = listed.flatMap(({ rule }) => rule ?? [])
  const shared = chains.map(({ name }) => name).filter(name => sharedChains.includes(name))
  if (chains.some(({ name }) => name.startsWith('CNI-DN-')) || rules.some(({ chain }) => chain === 'CNI-HOSTPORT-DNAT')) return []
  const jumps = rules.filter(({ chain, expr }) => !shared.includes(chain) && expr.some(({ jump }) => shared.includes(jump?.target ?? '')))
  const left = rules.length - jumps.length - rules.filter(({ chain }) => shared.includes(chain)).length
  const otherChains = chains.filter(({ name, hook }) => hook === undefined && !shared.includes(name))
  if (removeTable && left === 0 && otherChains.length === 0) return [`delete table ${family} ${table}`]
  return [
    ...jumps.map(({ chain, handle }) => `delete rule ${family} ${table} ${chain} handle ${handle}`),
    ...shared.map(name => `flush chain ${family} ${table} ${name}`),
    ...shared.map(name => `delete chain ${family} ${table} ${name}`),
  ]
}

/** The tables of nftables as `family name`. */
export async function listTables(signal: AbortSignal): Promise<string[]> {
  const text = await run('nft', ['list', 'tables'], { signal })
  return text.split('\n').flatMap(line => /^table (.+)$/.exec(line)?.[1] ?? [])
}

/** Removes what host ports of pods left in the machine's NAT tables, and the tables themselves when they were not there before. */
export async function removePortMappings(tablesBefore: readonly string[], signal: AbortSignal): Promise<void> {
  const tables = await listTables(signal)
  for (const family of families) {
    const name = `${family} ${table}`
    if (!tables.includes(name)) continue
    const { nftables } = JSON.parse(await run('nft', ['-j', '-a', 'list', 'table', family, table], { signal })) as { nftables: Listed[] }
    const commands = planRemoval(family, nftables, !tablesBefore.includes(name))
    if (commands.length > 0) await run('nft', ['-f', '-'], { signal, input: `${commands.join('\n')}\n` })
  }
}
