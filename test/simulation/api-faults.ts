import type { Random } from '#base/random.ts'
import type { Cluster } from '#cluster/index.ts'
import { between, oneOf } from './choice.ts'
import type { Action } from './workload.ts'

/** The parts of the cluster that speak to the API server. */
const programs = ['kubelet', 'kube-scheduler', 'kube-controller-manager'] as const
const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete'] as const
const failures = [409, 429, 500, 503, 504] as const

type RequestPattern = Parameters<Cluster['faults']['requests']['fail']>[0]

interface Target {
  requests: RequestPattern
  times: number
  when: 'before' | 'after'
  text: string
}

/** Some of the next requests of somebody. */
function anyRequests(random: Random): Target {
  const [program, verb] = [oneOf(random, programs), oneOf(random, verbs)]
  const [times, when] = [between(random, 1, 4), oneOf(random, ['before', 'after'] as const)]
  return { requests: { program, verb }, times, when, text: `the next ${times} to ${verb} of ${program}` }
}

/** What goes wrong between the API server and its clients. An event that gets lost without a word is no fault of this kind: it is a bug. */
export const apiFaults: readonly Action[] = [
  {
    weight: 6,
    async run({ cluster }, random) {
      const { requests, times, when, text } = anyRequests(random)
      const failure = oneOf(random, failures)
      cluster.faults.requests.fail(requests, failure, { times, when, retryAfterSeconds: between(random, 1, 10) })
      return `${failure} ${when} ${text}`
    },
  },
  {
    weight: 3,
    async run({ cluster }, random) {
      const { requests, times, when, text } = anyRequests(random)
      cluster.faults.requests.disconnect(requests, { times, when })
      return `no answer, ${when} ${text}`
    },
  },
  {
    weight: 4,
    async run({ cluster }, random) {
      const { requests, times, when, text } = anyRequests(random)
      const delayMs = between(random, 10, 30_000)
      cluster.faults.requests.delay(requests, delayMs, { times, when })
      return `${delayMs} ms ${when} ${text}`
    },
  },
  {
    weight: 2,
    dependsOnWatches: true,
    async run({ cluster }, random) {
      // Only the lists of informers: whoever else asks has to be told what is true now.
      const user = 'system:kube-controller-manager'
      const behind = between(random, 1, 30)
      cluster.faults.requests.serveStale({ user, verb: 'list' }, { behind, times: between(random, 1, 4) })
      return `${cluster.faults.watches.expire({ user })} watches expire, and the lists that follow are ${behind} revisions old`
    },
  },
  {
    weight: 4,
    async run({ cluster }, random) {
      const [program, delayMs, times] = [oneOf(random, programs), between(random, 10, 20_000), between(random, 1, 20)]
      cluster.faults.watches.delay({ program }, delayMs, { times })
      return `${times} watch events for ${program} come ${delayMs} ms late`
    },
  },
  {
    weight: 3,
    async run({ cluster }, random) {
      const program = oneOf(random, [...programs, 'coxswain'])
      return `watches of ${program} break: ${cluster.faults.watches.disconnect({ program })}`
    },
  },
  {
    weight: 2,
    async run({ cluster }, random) {
      const program = oneOf(random, programs)
      return `watches of ${program} expire: ${cluster.faults.watches.expire({ program })}`
    },
  },
  {
    weight: 2,
    dependsOnWatches: true,
    async run(world) {
      world.serverRestarts = true
      return `restart the API server: ${await world.call(() => world.cluster.faults.restartAPIServer())}`
    },
  },
  {
    weight: 2,
    dependsOnWatches: true,
    async run(world, random) {
      world.serverRestarts = true
      const [nth, when] = [between(random, 1, 10), oneOf(random, ['before', 'after'] as const)]
      world.cluster.faults.restartAPIServerAt({}, { nth, when })
      return `the API server restarts ${when} write ${nth} from now`
    },
  },
  {
    weight: 2,
    async run({ cluster }, random) {
      const [delayMs, times] = [between(random, 10, 5_000), between(random, 1, 4)]
      cluster.faults.storage.delay({}, delayMs, { times })
      return `the next ${times} writes take ${delayMs} ms`
    },
  },
  {
    weight: 2,
    async run({ cluster }, random) {
      const [nth, times] = [between(random, 1, 5), between(random, 1, 3)]
      cluster.faults.storage.fail({}, { nth, times })
      return `${times} writes fail`
    },
  },
]
