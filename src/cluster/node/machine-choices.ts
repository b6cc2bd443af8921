import type { Clock } from '#base/clock.ts'
import { lock } from '#base/machine-lock.ts'
import { choosePodCIDR, isOwnRoute, readResolvers, readRoutes } from '#network/cni/index.ts'
import type { ClusterFolder } from '../cluster-folder.ts'
import { machineAddress, machineNodeName, type ReservedPort, reservePort } from '../machine.ts'

const choosingMsMax = 10_000

/** Held while one chooses ports and ranges of this machine; a process that hangs with it does not keep the others for long. */
export async function lockChoices(clock: Clock): Promise<Disposable> {
  const tooLong = new AbortController()
  using _timer = clock.after(choosingMsMax, () => tooLong.abort(new Error('somebody else is still choosing')))
  return lock('choices', tooLong.signal).catch(() => ({ [Symbol.dispose]() {} }))
}

/** The machine's address to others, which may change between two starts. */
export async function readMachineAddress(signal: AbortSignal): Promise<string> {
  return addressOf(await readRoutes(signal))
}

function addressOf(routes: Awaited<ReturnType<typeof readRoutes>>): string {
  return machineAddress(routes.find(({ dst }) => dst === 'default')?.dev)
}

/** What a node on this machine is given. */
export interface MachineChoices {
  nodeName: string
  nodeIP: string
  /** Range of all pods of its cluster. */
  podCIDR: string
  kubeletPort: ReservedPort
}

export interface WantedChoices {
  folder: ClusterFolder
  nodeName?: string | undefined
  podCIDR?: string | undefined
}

/** Chooses what nobody on this machine uses. Whoever calls holds `lockChoices` until others can see it. */
export async function chooseForMachine({ folder, nodeName, podCIDR }: WantedChoices, signal: AbortSignal): Promise<MachineChoices> {
  const [routes, resolvers] = await Promise.all([readRoutes(signal), readResolvers()])
  return {
    nodeName: nodeName ?? machineNodeName(),
    nodeIP: addressOf(routes),
    podCIDR: choosePodCIDR({
      ...(podCIDR === undefined ? {} : { wanted: podCIDR }),
      routes,
      isOwn: isOwnRoute(folder.id),
      avoid: resolvers,
    }),
    kubeletPort: await reservePort(10_250),
  }
}
