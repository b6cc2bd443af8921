import type { ClusterSnapshot, SimulatedNode } from '#cluster/index.ts'
import type { ObjectStorage, StoredObject } from '#apiserver/storage/stored-object.ts'
import type { CommitResult, StorageEvent, StorageListener, Write } from '#storage/storage.ts'

/** A bug that is put in from outside, to show that the simulation finds such bugs. */
export interface Canary {
  /** Another engine in front of the real one. */
  storage?(inner: ObjectStorage): ObjectStorage
  /** Changes a machine before it has pods. */
  node?(node: SimulatedNode): void
  /** Changes what a copy of the cluster goes on from. */
  copied?(state: ClusterState): ClusterState
}

type ClusterState = ClusterSnapshot['parts']['state']
type KubeletState = NonNullable<ClusterState['nodes']['nodes'][number]['kubelet']>

const podPrefix = '/registry/pods/'

/** Storage that does everything as the real one, but for what a subclass says. */
class StorageInFront implements ObjectStorage {
  protected readonly inner: ObjectStorage

  constructor(inner: ObjectStorage) {
    this.inner = inner
  }

  get revision(): number {
    return this.inner.revision
  }

  get compactedRevision(): number {
    return this.inner.compactedRevision
  }

  get(...args: Parameters<ObjectStorage['get']>): ReturnType<ObjectStorage['get']> {
    return this.inner.get(...args)
  }

  list(...args: Parameters<ObjectStorage['list']>): ReturnType<ObjectStorage['list']> {
    return this.inner.list(...args)
  }

  commit(write: Write<StoredObject>): Promise<CommitResult<StoredObject>> {
    return this.inner.commit(write)
  }

  watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<StoredObject>): Promise<Disposable> {
    return this.inner.watch(options, listener)
  }

  compact(beforeRevision: number): Promise<void> {
    return this.inner.compact(beforeRevision)
  }

  close(): Promise<void> {
    return this.inner.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Every twelfth event of a pod does not arrive. */
class LossyStorage extends StorageInFront {
  override watch(options: { prefix: string; afterRevision: number }, listener: StorageListener<StoredObject>): Promise<Disposable> {
    if (options.prefix !== podPrefix) return this.inner.watch(options, listener)
    let count = 0
    const isKept = (_: StorageEvent<StoredObject>) => ++count % 12 !== 0
    return this.inner.watch(options, events => listener(events.filter(isKept)))
  }
}

/** Writes a pod over whatever is there. */
class CarelessStorage extends StorageInFront {
  override async commit(write: Write<StoredObject>): Promise<CommitResult<StoredObject>> {
    const result = await this.inner.commit(write)
    if (result.committed || result.current === undefined || write.expectedRevision === 0 || !write.key.startsWith(podPrefix)) return result
    return this.commit({ ...write, expectedRevision: result.current.modRevision })
  }
}

function withKubelets(state: ClusterState, change: (kubelet: KubeletState) => KubeletState): ClusterState {
  const nodes = state.nodes.nodes.map(node => ({ ...node, kubelet: node.kubelet && change(node.kubelet) }))
  return { ...state, nodes: { ...state.nodes, nodes } }
}

export const canaries: Readonly<Record<string, Canary>> = {
  'lost-event': { storage: inner => new LossyStorage(inner) },
  'lost-update': { storage: inner => new CarelessStorage(inner) },
  /** Every third sandbox says that it has the address of the one before. */
  'double-address': {
    node({ runtime }) {
      const addresses = new Map<string, string>()
      let last = ''
      const podSandboxStatus = runtime.podSandboxStatus.bind(runtime)
      runtime.podSandboxStatus = async (request, signal) => {
        const { status, ...rest } = await podSandboxStatus(request, signal)
        if (status?.network === undefined || status.network.ip === '') return { ...rest, ...(status !== undefined && { status }) }
        if (!addresses.has(status.id)) {
          const isThird = addresses.size % 3 === 2
          addresses.set(status.id, isThird ? last : status.network.ip)
          last = status.network.ip
        }
        return { ...rest, status: { ...status, network: { ...status.network, ip: addresses.get(status.id)! } } }
      }
    },
  },
  /** Every second sandbox is said to be removed, and stays. */
  'forgotten-sandbox': {
    node({ runtime }) {
      const isKept = new Map<string, boolean>()
      const removePodSandbox = runtime.removePodSandbox.bind(runtime)
      runtime.removePodSandbox = async (request, signal) => {
        const id = request.podSandboxId ?? ''
        if (!isKept.has(id)) isKept.set(id, isKept.size % 2 === 1)
        if (isKept.get(id) !== true) await removePodSandbox(request, signal)
      }
    },
  },
  /** Who goes on in a copy has not probed anything yet. */
  'forgotten-probes': { copied: state => withKubelets(state, kubelet => ({ ...kubelet, probes: new Map() })) },
  /** A copy does not know how often a container has crashed. */
  'forgotten-crashes': {
    copied: state =>
      withKubelets(state, kubelet => {
        const workers = kubelet.workers.copy()
        for (const [uid, worker] of kubelet.workers) workers.set(uid, { ...worker, memory: { ...worker.memory, crashes: {} } })
        return { ...kubelet, workers }
      }),
  },
  /** No seed decides whether a pull works. */
  dice: {
    node({ runtime }) {
      const pullImage = runtime.pullImage.bind(runtime)
      runtime.pullImage = (request, signal) => {
        if (Math.random() < 0.5) throw new Error('a dice wants it')
        return pullImage(request, signal)
      }
    },
  },
}
