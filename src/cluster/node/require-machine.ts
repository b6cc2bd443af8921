export interface MachineFacts {
  /** How many such nodes are wanted, with those there are. */
  count: number
  isVirtual: boolean
  platform: NodeJS.Platform
  isRoot: boolean
  missingPackages: readonly string[]
}

/** @throws Error that says why this machine cannot be a node with real containers, and what to do */
export function requireMachine({ count, isVirtual, platform, isRoot, missingPackages }: MachineFacts): void {
  const cannot = 'cannot start a node with real containers: '
  if (count > 1) throw new Error(`${cannot}this machine can be only one; let the others be simulated`)
  if (isVirtual) throw new Error(`${cannot}programs need real time; leave clock: 'virtual' out`)
  if (platform !== 'linux') throw new Error(`${cannot}they need Linux; let it be simulated`)
  if (!isRoot) throw new Error(`${cannot}only root can; run the program as root, or let the node be simulated`)
  if (missingPackages.length > 0)
    throw new Error(`${cannot}this machine lacks the Debian packages ${missingPackages.join(', ')}; install them`)
}
