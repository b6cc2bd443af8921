import { CRIError } from '#cri/error.ts'
import type { LogSource, SimulatedNetwork } from '#cri/simulated/index.ts'
import { NoCgroups } from '../cgroups/cgroups.ts'
import { memoryLogFiles } from '../logs/memory-log-files.ts'
import type { MachineFacts } from '../node/node-probe.ts'
import type { Dialer } from './dialer.ts'
import { healthPath, servingStatuses } from './grpc-health.ts'
import { MemoryHostFiles } from './memory-host-files.ts'
import type { NodeHost } from './node-host.ts'

export interface SimulatedMachine {
  cpus: number
  memoryBytes: number
  ephemeralStorageBytes?: number
}

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

/** A machine that is only said to be there: no file, cgroup, socket or process of the real one is touched. */
export function simulatedHost(machine: SimulatedMachine, surroundings: SimulatedSurroundings): NodeHost {
  const { network, logs, files = new MemoryHostFiles(), isDiskFull = () => false } = surroundings
  const facts: MachineFacts = {
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
  }
  const logFiles = memoryLogFiles(logs)
  const plenty = { memoryAvailableBytes: machine.memoryBytes, diskAvailableShare: 1, inodesFreeShare: 1, pidsAvailable: 32_768 }
  return {
    files,
    cgroups: new NoCgroups(),
    dialer: simulatedDialer(network),
    logs: logFiles,
    probe: { machine: async () => facts, pressure: async () => (isDiskFull() ? { ...plenty, diskAvailableShare: 0 } : plenty) },
    resolvConf: async () => '',
    hosts: async () => '',
  }
}

/** An image's answer to an HTTP request for `/grpc.health.v1.Health/Check` is its gRPC health: 200 is SERVING, 404 no such service. */
function simulatedDialer(network: SimulatedNetwork): Dialer {
  return {
    get({ host, port, path, headers }, signal) {
      return network.statusOf(host, { method: 'GET', path, headers, body: noBody, port }, signal)
    },
    async reach({ host, port }, signal) {
      signal.throwIfAborted()
      network.requireOpen({ ip: host, port })
    },
    async health({ host, port, service }, signal) {
      signal.throwIfAborted()
      try {
        network.requireOpen({ ip: host, port })
      } catch {
        return 'unconnected'
      }
      const question = { method: 'POST', path: healthPath, headers: { 'content-type': 'application/grpc' }, body: Buffer.from(service) }
      const { status } = await network.request({ ip: host, port }, question, signal)
      if (status === 404) throw new CRIError('Unimplemented', `unknown method ${healthPath}`)
      return { servingStatus: status === 200 ? servingStatuses.indexOf('SERVING') : servingStatuses.indexOf('NOT_SERVING') }
    },
  }
}

const noBody = Buffer.alloc(0)
