import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec } from '#api/core/v1/types.gen.ts'
import { unsupportedConstraints } from './unsupported-constraints.ts'

const term = { topologyKey: 'kubernetes.io/hostname' }
const cases: { name: string; spec: Partial<PodSpec>; want: string[] }[] = [
  { name: 'a plain Pod', spec: {}, want: [] },
  { name: 'node affinity is looked at', spec: { affinity: { nodeAffinity: {} } }, want: [] },
  {
    name: 'required pod affinity and anti-affinity',
    spec: {
      affinity: {
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
        podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
      },
    },
    want: ['spec.affinity.podAffinity', 'spec.affinity.podAntiAffinity'],
  },
  {
    name: 'a preference may be missed',
    spec: { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }] } } },
    want: [],
  },
  {
    name: 'spreading that must hold',
    spec: { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] },
    want: ['spec.topologySpreadConstraints'],
  },
]
for (const { name, spec, want } of cases) {
  test(`unsupportedConstraints: ${name}`, () => assert.deepEqual(unsupportedConstraints({ containers: [], ...spec }), want))
}
