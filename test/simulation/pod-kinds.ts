import type { Container, Pod, PodSpec } from '#api/core/v1/types.gen.ts'
import { findCondition, isPodReady } from '#api/core/v1/pod-conditions.ts'
import type { Cluster, SimulatedImage } from '#cluster/index.ts'
import type { Random } from '#base/random.ts'
import { between, chance, oneOf } from './choice.ts'

/** A way for pods to live: what they run, and how they look when nothing more happens. */
export interface PodKind {
  weight: number
  spec(random: Random): PodSpec
  /** Whether a pod that has a node looks as it should in the end. `exists` asks for ConfigMaps and Secrets of its namespace. */
  isSettled(pod: Pod, exists: (resource: 'configmaps' | 'secrets', name: string) => boolean): boolean
}

/** The kind of a pod is written on it. */
export const kindLabel = 'simulation/kind'
export const configName = 'settings'
export const secretName = 'password'

const images: Record<string, SimulatedImage> = {
  web: { readyAfterMs: 2_000, http: { '/ready': 'ok', '/live': 'ok' } },
  'web-next': { readyAfterMs: 500, http: { '/ready': 'ok', '/live': 'ok' } },
  slow: { startMs: 1_500, readyAfterMs: 9_000, http: { '/ready': 'ok', '/live': 'ok' } },
  stubborn: { stopMs: Number.POSITIVE_INFINITY },
  'crash-once': { crash: 1, exitAfterMs: 1_000 },
  'crash-thrice': { crash: 3, exitAfterMs: 700 },
  'task-good': { exitAfterMs: 4_000, exitCode: 0 },
  'task-bad': { exitAfterMs: 3_000, exitCode: 1 },
  setup: { exitAfterMs: 800, exitCode: 0 },
  'setup-bad': { exitAfterMs: 800, exitCode: 2 },
  greedy: { memory: '200Mi' },
}

export function defineImages(cluster: Cluster): void {
  for (const [name, image] of Object.entries(images)) cluster.images.define(name, image, { pullMs: name.length * 100 })
  cluster.images.define('missing', {}, { pullError: 'not found' })
}

const isRunning = (pod: Pod) => pod.status?.phase === 'Running' && isPodReady(pod)
const hasPhase =
  (...phases: string[]) =>
  ({ status }: Pod) =>
    phases.includes(status?.phase ?? '')
const waits = ({ status }: Pod) => (status?.containerStatuses ?? []).every(({ state }) => state?.waiting !== undefined)
const runs = ({ status }: Pod) => (status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined)

function main(image: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image, ...more }
}

const probes: Partial<Container> = {
  readinessProbe: { httpGet: { path: '/ready', port: 80 }, periodSeconds: 4 },
  livenessProbe: { httpGet: { path: '/live', port: 80 }, periodSeconds: 10, initialDelaySeconds: 15 },
}

function requests(cpu: string): Partial<Container> {
  return { resources: { requests: { cpu, memory: '64Mi' } } }
}

/** How a pod that runs to its end ends: machines and runtimes that break may make a failure of it. */
const ended = hasPhase('Succeeded', 'Failed')

export const podKinds: Record<string, PodKind> = {
  web: {
    weight: 6,
    spec: random => ({ containers: [main('web', { ...probes, ...requests(oneOf(random, ['100m', '500m', '1'])) })] }),
    isSettled: isRunning,
  },
  slow: {
    weight: 2,
    spec: () => ({
      containers: [
        main('slow', { ...probes, startupProbe: { httpGet: { path: '/ready', port: 80 }, periodSeconds: 2, failureThreshold: 10 } }),
      ],
    }),
    isSettled: isRunning,
  },
  stubborn: {
    weight: 2,
    spec: random => ({ containers: [main('stubborn')], terminationGracePeriodSeconds: between(random, 1, 20) }),
    isSettled: isRunning,
  },
  crashing: {
    weight: 2,
    spec: random => ({ containers: [main(oneOf(random, ['crash-once', 'crash-thrice']))] }),
    isSettled: isRunning,
  },
  task: {
    weight: 3,
    spec: random => ({ restartPolicy: oneOf(random, ['Never', 'OnFailure']), containers: [main('task-good')] }),
    isSettled: ended,
  },
  'bad-task': {
    weight: 2,
    spec: random => ({ restartPolicy: oneOf(random, ['Never', 'OnFailure']), containers: [main('task-bad')] }),
    isSettled: pod => (pod.spec.restartPolicy === 'Never' ? pod.status?.phase === 'Failed' : pod.status?.phase === 'Running'),
  },
  deadline: {
    weight: 1,
    spec: random => ({ activeDeadlineSeconds: between(random, 5, 40), containers: [main('web')] }),
    isSettled: hasPhase('Failed'),
  },
  'no-image': {
    weight: 1,
    spec: () => ({ containers: [main('missing')] }),
    isSettled: pod => pod.status?.phase === 'Pending' && waits(pod),
  },
  initialized: {
    weight: 2,
    spec: () => ({
      initContainers: [
        { name: 'first', image: 'setup' },
        { name: 'second', image: 'setup' },
      ],
      containers: [main('web', probes)],
    }),
    isSettled: isRunning,
  },
  'never-initialized': {
    weight: 1,
    spec: random => ({
      restartPolicy: oneOf(random, ['Never', 'Always']),
      initContainers: [{ name: 'first', image: 'setup-bad' }],
      containers: [main('web')],
    }),
    isSettled: pod => pod.status?.phase === (pod.spec.restartPolicy === 'Never' ? 'Failed' : 'Pending'),
  },
  accompanied: {
    weight: 2,
    spec: random => ({
      restartPolicy: oneOf(random, ['Never', 'OnFailure']),
      initContainers: [{ name: 'sidecar', image: 'web', restartPolicy: 'Always' }],
      containers: [main('task-good')],
    }),
    isSettled: ended,
  },
  pair: {
    weight: 2,
    spec: () => ({ containers: [main('web', probes), { name: 'other', image: 'stubborn' }], terminationGracePeriodSeconds: 3 }),
    isSettled: isRunning,
  },
  configured: {
    weight: 3,
    spec: random => ({
      containers: [
        main('web', {
          volumeMounts: [{ name: 'settings', mountPath: '/etc/settings' }],
          ...(chance(random, 0.5) && { env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: secretName, key: 'password' } } }] }),
        }),
      ],
      volumes: [{ name: 'settings', configMap: { name: configName } }],
    }),
    isSettled: (pod, exists) => {
      const needsSecret = (pod.spec.containers[0]!.env?.length ?? 0) > 0
      const isComplete = exists('configmaps', configName) && (!needsSecret || exists('secrets', secretName))
      // It runs on without what it was made from, but is not made again: without its Secret never, without its ConfigMap not by a kubelet
      // that started anew and has to mount its volumes again.
      return isRunning(pod) || (!isComplete && (pod.status?.phase === 'Pending' || (pod.status?.phase === 'Running' && !runs(pod))))
    },
  },
  big: {
    weight: 2,
    spec: random => ({ containers: [main('web', requests(oneOf(random, ['2', '3', '64'])))] }),
    isSettled: isRunning,
  },
  'host-port': {
    weight: 2,
    spec: random => ({ containers: [main('web', { ports: [{ containerPort: 80, hostPort: oneOf(random, [8080, 8081]) }] })] }),
    isSettled: isRunning,
  },
  choosy: {
    weight: 2,
    spec: random => ({
      containers: [main('web')],
      nodeSelector: { disk: oneOf(random, ['ssd', 'hdd']) },
      ...(chance(random, 0.5) && { tolerations: [{ key: 'simulation', operator: 'Exists' }] }),
    }),
    isSettled: isRunning,
  },
  greedy: {
    weight: 1,
    spec: () => ({ containers: [main('greedy', { resources: { limits: { memory: '100Mi' } } })] }),
    isSettled: pod => pod.status?.phase === 'Running' && !isPodReady(pod),
  },
}

/** Whether the scheduler has said that no node fits. */
export function isUnschedulable({ status }: Pod): boolean {
  const scheduled = findCondition(status?.conditions, 'PodScheduled')
  return status?.phase === 'Pending' && scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
}
