import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PodSpec } from '../types.gen.ts'
import { warningsForPod } from './pod.ts'

const cases: { name: string; have: Partial<PodSpec>; annotations?: Record<string, string>; want: string[] }[] = [
  { name: 'nothing to say', have: {}, want: [] },
  {
    name: 'old node label',
    have: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    want: ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  },
  {
    name: 'a variable that hides another',
    have: {
      containers: [
        {
          name: 'c',
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
            { name: 'A', value: '$(A)3' },
          ],
        },
      ],
    },
    want: ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  },
  {
    name: 'a port twice',
    have: {
      containers: [
        {
          name: 'c',
          ports: [
            { containerPort: 80, protocol: 'TCP' },
            { containerPort: 80, protocol: 'TCP' },
          ],
        },
      ],
    },
    want: ['spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]'],
  },
  {
    name: 'part of a byte',
    have: { containers: [{ name: 'c', resources: { requests: { memory: '100m' } } }] },
    want: ['spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer'],
  },
  {
    name: 'volumes of the past',
    have: { volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] },
    want: ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  },
  {
    name: 'annotation of the past',
    have: {},
    annotations: { 'scheduler.alpha.kubernetes.io/critical-pod': '' },
    want: [
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    ],
  },
  {
    name: 'negative grace',
    have: { terminationGracePeriodSeconds: -1 },
    want: ['spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'],
  },
]

describe('warningsForPod', () => {
  for (const { name, have, annotations = {}, want } of cases) {
    test(name, () => assert.deepEqual(warningsForPod({ name: 'a', annotations }, { containers: [], ...have }), want))
  }

  test('a name that is no label', () => {
    const [warning] = warningsForPod({ name: 'a.b' }, { containers: [] })
    assert.match(warning!, /^metadata\.name: this is used in the Pod's hostname.*a DNS label is recommended: \[must not contain dots\]$/)
  })
})
