import type { Random } from '#base/random.ts'
import { newInternalError } from '#apimachinery/status/status.ts'
import { type FieldError, invalid, path as pathOf } from '#apimachinery/validation/field-error.ts'
import type { RequestContext } from '#apiserver/registry/resource.ts'
import { isHeadless, needsClusterIP, needsHealthCheck, needsNodePorts } from '#api/core/v1/service-kinds.ts'
import type { Service } from '#api/core/v1/types.gen.ts'
import { IPAllocator } from './ip-allocator.ts'
import { decideIPFamilies } from './ip-families.ts'
import { PortAllocator, type PortRange } from './port-allocator.ts'

export interface ServiceAllocationOptions {
  /** Ranges of cluster IPs: one, or two of different families; the first is the default. */
  serviceCIDRs: readonly string[]
  /** Default 30000 to 32767. */
  nodePorts?: PortRange
}

const specPath = pathOf('spec')

/** Undoes what was taken, in reverse order. */
class Transaction {
  readonly #undo: (() => void)[] = []

  did(undo: () => void): void {
    this.#undo.push(undo)
  }

  release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }
}

/**
 * Who has which cluster IP and node port. Kept in memory only: the stored services are the truth, from which `reload` makes this anew.
 */
export class ServiceAllocation {
  readonly #addresses: readonly IPAllocator[]
  readonly #ports: PortAllocator

  constructor({ serviceCIDRs, nodePorts = { from: 30_000, to: 32_767 } }: ServiceAllocationOptions) {
    this.#addresses = serviceCIDRs.map(cidr => new IPAllocator(cidr))
    if (this.#addresses.length === 0) throw new TypeError('at least one service range is needed')
    this.#ports = new PortAllocator(nodePorts)
  }

  /** The address of the `kubernetes` service. */
  get apiServerIP(): string {
    return this.#addresses[0]!.first
  }

  /** Forgets everything and takes what these services have. Called before the first request. */
  reload(services: Iterable<Service>): void {
    for (const allocator of this.#addresses) allocator.clear()
    this.#ports.clear()
    for (const service of services) {
      for (const address of addressesOf(service)) this.#allocatorOf(address)?.take(address)
      for (const port of portsOf(service)) this.#ports.take(port)
    }
  }

  /** For a service that has left storage. */
  free(service: Service): void {
    for (const address of addressesOf(service)) this.#allocatorOf(address)?.release(address)
    for (const port of portsOf(service)) this.#ports.release(port)
  }

  /** Gives the service its addresses and ports, and takes back what the old one had and it has no more. */
  claim(service: Service, old: Service | undefined, { random }: Pick<RequestContext, 'random'>): { release(): void } | FieldError[] {
    const errors = decideIPFamilies(
      service,
      old,
      this.#addresses.map(({ family }) => family),
    )
    if (errors.length > 0) return errors
    const transaction = new Transaction()
    try {
      errors.push(...this.#takeAddresses(service, old, transaction, random))
      if (errors.length === 0) errors.push(...this.#takePorts(service, old, transaction, random))
    } catch (error) {
      transaction.release()
      throw error
    }
    if (errors.length > 0) {
      transaction.release()
      return errors
    }
    if (old !== undefined) this.#giveBack(service, old, transaction)
    return transaction
  }

  #allocatorOf(address: string): IPAllocator | undefined {
    const family = address.includes(':') ? 'IPv6' : 'IPv4'
    return this.#addresses.find(allocator => allocator.family === family)
  }

  #takeAddresses(service: Service, old: Service | undefined, transaction: Transaction, random: Random): FieldError[] {
    const { spec } = service
    if (!needsClusterIP(service) || isHeadless(service)) return []
    const held = old === undefined ? [] : addressesOf(old)
    const addresses = [...(spec.clusterIPs ?? [])]
    for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
      const allocator = this.#addresses.find(candidate => candidate.family === family)
      const wanted = addresses[index]
      if (wanted !== undefined && wanted !== '') {
        if (held.includes(wanted)) continue
        const refusal = allocator?.take(wanted)
        if (refusal !== undefined) return [invalid(specPath.child('clusterIPs'), addresses, `failed to allocate IP ${wanted}: ${refusal}`)]
        transaction.did(() => allocator?.release(wanted))
        continue
      }
      const address = allocator?.takeNext(random)
      if (address === undefined) throw newInternalError('failed to allocate a serviceIP: range is full')
      transaction.did(() => allocator?.release(address))
      addresses[index] = address
    }
    spec.clusterIPs = addresses
    if (addresses[0] !== undefined) spec.clusterIP = addresses[0]
    return []
  }

  #takePorts(service: Service, old: Service | undefined, transaction: Transaction, random: Random): FieldError[] {
    const held = new Set(old === undefined ? [] : portsOf(old))
    const { spec } = service
    if (needsNodePorts(service)) {
      const byServicePort = new Map<number, number>()
      for (const [index, port] of (spec.ports ?? []).entries()) {
        // The same port for TCP and UDP is the same port of the nodes, unless the user says another.
        const shared = byServicePort.get(port.port)
        if (shared !== undefined && (!port.nodePort || port.nodePort === shared)) {
          port.nodePort = shared
          continue
        }
        const wanted =
          port.nodePort ||
          (shared === undefined ? spec.ports!.find(other => other.port === port.port && other.nodePort)?.nodePort : undefined)
        const error = this.#takePort(wanted, held, transaction, random, taken => {
          port.nodePort = taken
        })
        if (error !== undefined) return [invalid(specPath.child('ports').index(index).child('nodePort'), wanted, error)]
        byServicePort.set(port.port, port.nodePort!)
      }
    }
    if (!needsHealthCheck(service)) return []
    const wanted = spec.healthCheckNodePort || undefined
    const error = this.#takePort(wanted, held, transaction, random, taken => {
      spec.healthCheckNodePort = taken
    })
    if (error === undefined) return []
    return [invalid(specPath.child('healthCheckNodePort'), wanted, `failed to allocate requested HealthCheck NodePort ${wanted}: ${error}`)]
  }

  /** @returns what is wrong with the port that was asked for */
  #takePort(
    wanted: number | undefined,
    held: ReadonlySet<number>,
    transaction: Transaction,
    random: Random,
    set: (port: number) => void,
  ): string | undefined {
    if (wanted !== undefined && held.has(wanted)) {
      set(wanted)
      return undefined
    }
    if (wanted !== undefined) {
      const refusal = this.#ports.take(wanted)
      if (refusal !== undefined) return refusal
    }
    const port = wanted ?? this.#ports.takeNext(random)
    if (port === undefined) throw newInternalError('failed to allocate a nodePort: range is full')
    transaction.did(() => this.#ports.release(port))
    set(port)
    return undefined
  }

  #giveBack(service: Service, old: Service, transaction: Transaction): void {
    const addresses = new Set(addressesOf(service))
    for (const address of addressesOf(old)) {
      if (addresses.has(address)) continue
      this.#allocatorOf(address)?.release(address)
      transaction.did(() => this.#allocatorOf(address)?.take(address))
    }
    const ports = new Set(portsOf(service))
    for (const port of portsOf(old)) {
      if (ports.has(port)) continue
      this.#ports.release(port)
      transaction.did(() => this.#ports.take(port))
    }
  }
}

function addressesOf(service: Service): string[] {
  if (!needsClusterIP(service)) return []
  const { clusterIPs, clusterIP } = service.spec
  return (clusterIPs ?? (clusterIP ? [clusterIP] : [])).filter(address => address !== 'None' && address !== '')
}

function portsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0)
  return [...new Set([...ports, spec.healthCheckNodePort ?? 0])].filter(port => port > 0)
}
