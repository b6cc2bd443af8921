import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { podLimits, podRequests } from './pod-resources.ts'
import { printResourceList } from './resource-list.ts'
import type { Container, PodSpec, PodStatus } from './types.gen.ts'

const requesting = (name: string, cpu: string, more: Partial<Container> = {}): Container => ({
  name,
  resources: { requests: { cpu } },
  ...more,
})
const sidecar = { restartPolicy: 'Always' }

const cases: { name: string; have: PodSpec; status?: PodStatus; want: Record<string, string> }[] = [
  { name: 'the sum of the containers', have: { containers: [requesting('a', '1'), requesting('b', '500m')] }, want: { cpu: '1500m' } },
  {
    name: 'a large init container',
    have: { initContainers: [requesting('i', '2')], containers: [requesting('a', '1')] },
    want: { cpu: '2' },
  },
  {
    name: 'a small init container',
    have: { initContainers: [requesting('i', '500m')], containers: [requesting('a', '1')] },
    want: { cpu: '1' },
  },
  {
    name: 'a sidecar is added',
    have: { initContainers: [requesting('s', '1', sidecar)], containers: [requesting('a', '1')] },
    want: { cpu: '2' },
  },
  {
    name: 'an init container beside a sidecar that was started before it',
    have: { initContainers: [requesting('s', '1', sidecar), requesting('i', '3')], containers: [requesting('a', '1')] },
    want: { cpu: '4' },
  },
  {
    name: 'an init container before the sidecar',
    have: { initContainers: [requesting('i', '3'), requesting('s', '1', sidecar)], containers: [requesting('a', '1')] },
    want: { cpu: '3' },
  },
  {
    name: 'overhead',
    have: { containers: [requesting('a', '1')], overhead: { cpu: '100m', memory: '1Mi' } },
    want: { cpu: '1100m', memory: '1Mi' },
  },
  { name: 'pod-level requests', have: { containers: [requesting('a', '1')], resources: { requests: { cpu: '3' } } }, want: { cpu: '3' } },
  {
    name: 'what a running container still has',
    have: { containers: [requesting('a', '1')] },
    status: {
      containerStatuses: [
        {
          name: 'a',
          ready: true,
          restartCount: 0,
          image: '',
          imageID: '',
          resources: { requests: { cpu: '2' } },
          allocatedResources: { cpu: '1' },
        },
      ],
    },
    want: { cpu: '2' },
  },
]

describe('podRequests', () => {
  for (const { name, have, status, want } of cases) {
    test(name, () => assert.deepEqual(printResourceList(podRequests(have, status === undefined ? {} : { status })), want))
  }
})

test('podLimits adds overhead to what is limited', () => {
  const spec = { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }], overhead: { cpu: '1', memory: '1Gi' } }
  assert.deepEqual(printResourceList(podLimits(spec)), { cpu: '2' })
})
