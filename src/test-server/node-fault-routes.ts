import { CRIError, failureCodes } from '#cri/error.ts'
import type { SimulatedNode } from '#cluster/index.ts'
import type { Verb } from '#cri/simulated/index.ts'
import { delayMs, occurrenceFields, orderedFault } from './fault-shape.ts'
import { nodeNamed, nodeNames } from './node-routes.ts'
import { refusedBy } from './refused.ts'
import { type Route, route } from './route.ts'
import { boolean, described, integer, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'

/** Calls of the runtime and the image service. */
const verbs = {
  version: true,
  status: true,
  runtimeConfig: true,
  updateRuntimeConfig: true,
  runPodSandbox: true,
  stopPodSandbox: true,
  removePodSandbox: true,
  podSandboxStatus: true,
  listPodSandbox: true,
  updatePodSandboxResources: true,
  createContainer: true,
  startContainer: true,
  stopContainer: true,
  removeContainer: true,
  containerStatus: true,
  listContainers: true,
  updateContainerResources: true,
  reopenContainerLog: true,
  execSync: true,
  exec: true,
  attach: true,
  portForward: true,
  containerStats: true,
  listContainerStats: true,
  podSandboxStats: true,
  listPodSandboxStats: true,
  containerEvents: true,
  pullImage: true,
  imageStatus: true,
  listImages: true,
  removeImage: true,
  imageFsInfo: true,
} satisfies Record<Verb, true>
const verb = oneOf(...(Object.keys(verbs) as Verb[]))
const code = described('A code of gRPC', oneOf(...failureCodes))

interface NodeAction<B> {
  summary: string
  body?: Shape<B>
  act(node: SimulatedNode, body: B): void | Promise<void>
}

type AnyNodeAction = Omit<NodeAction<unknown>, 'act'> & { act(node: SimulatedNode, body: never): void | Promise<void> }

/** Lets the compiler compare the body with what is done with it. */
const action = <B = unknown>(declaration: NodeAction<B>): AnyNodeAction => declaration

/** What can happen to a machine, by the last word of the path. */
const nodeActions: Readonly<Record<string, AnyNodeAction>> = {
  'restart-kubelet': action({ summary: 'The kubelet ends and starts again; what runs is taken over', act: node => node.restartKubelet() }),
  'stop-kubelet': action({ summary: 'The kubelet dies; containers run on, and nobody watches over them', act: node => node.stopKubelet() }),
  'start-kubelet': action({ summary: 'The kubelet starts again, and takes over what runs', act: node => node.startKubelet() }),
  partition: action({ summary: 'The machine is cut off from the network; its pods run on', act: ({ faults }) => faults.partition() }),
  heal: action({ summary: 'The network is there again', act: ({ faults }) => faults.heal() }),
  stop: action({
    summary: 'The machine loses power: nothing answers, what ran is lost, the kubelet too',
    act: ({ faults }) => faults.stopNode(),
  }),
  start: action({ summary: 'The machine comes back; containers that ran have ended with 255', act: ({ faults }) => faults.startNode() }),
  hang: action({ summary: 'The runtime does not answer any more; containers run on', act: ({ faults }) => faults.hang() }),
  resume: action({ summary: 'Calls that wait go on, held-back events arrive', act: ({ faults }) => faults.resume() }),
  'stop-runtime': action({ summary: 'The runtime goes down; containers run on', act: ({ faults }) => faults.stopRuntime() }),
  'start-runtime': action({ summary: 'The runtime is there again', act: ({ faults }) => faults.startRuntime() }),
  'restart-runtime': action({
    summary: 'Calls under way and event streams break, state is kept',
    act: ({ faults }) => faults.restartRuntime(),
  }),
  'break-events': action({ summary: "The runtime's event streams break", act: ({ faults }) => faults.breakEvents() }),
  'drop-events': action({
    summary: 'The next events of the runtime get lost',
    body: object({ count: integer({ min: 1 }) }, {}),
    act: ({ faults }, { count }) => faults.dropEvents(count),
  }),
  disk: action({
    summary: 'Whether the disk is full: then nothing can be pulled or created',
    body: object({ full: boolean() }, {}),
    act: ({ faults }, { full }) => faults.setDiskFull(full),
  }),
  'slow-disk': action({
    summary: 'Every call that writes to the disk takes so much longer; 0 makes it fast again',
    body: object({ delayMs }, {}),
    act: ({ faults }, { delayMs }) => faults.slowDisk(delayMs),
  }),
  kill: action({
    summary: 'Somebody kills the first process of a container',
    body: object({ container: described('As in status.containerStatuses[].containerID', text()) }, {}),
    act: ({ faults }, { container }) => {
      try {
        faults.kill(container.replace(/^\w+:\/\//, ''))
      } catch (error) {
        throw refusedBy(error, 'container', container)
      }
    },
  }),
}

/** What goes wrong on one simulated node. */
export const nodeFaultRoutes: readonly Route[] = [
  ...Object.entries(nodeActions).map(([name, { summary, body, act }]) =>
    route({
      method: 'POST',
      path: `/nodes/{name}/${name}`,
      summary,
      ...(body !== undefined && { body }),
      answer: nodeNames,
      run: async ({ hosted, params, body }) => {
        await act(nodeNamed(hosted, params['name']!), body as never)
        return { nodes: [params['name']!] }
      },
    }),
  ),
  route({
    method: 'POST',
    path: '/nodes/{name}/faults/fail',
    summary: 'Calls of the runtime fail',
    body: object({ verb, code, message: text() }, occurrenceFields),
    answer: orderedFault,
    run: ({ hosted, params, body: { verb, code, message, ...occurrences } }) =>
      hosted.faults.add(`${verb}/fail`, nodeNamed(hosted, params.name).faults.fail(verb, new CRIError(code, message), occurrences)),
  }),
  route({
    method: 'POST',
    path: '/nodes/{name}/faults/delay',
    summary: 'Calls of the runtime take longer',
    body: object({ verb, delayMs }, occurrenceFields),
    answer: orderedFault,
    run: ({ hosted, params, body: { verb, delayMs, ...occurrences } }) =>
      hosted.faults.add(`${verb}/delay`, nodeNamed(hosted, params.name).faults.delay(verb, delayMs, occurrences)),
  }),
]
