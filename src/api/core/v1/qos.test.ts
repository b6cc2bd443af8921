import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { computePodQOS } from './qos.ts'
import type { PodSpec, ResourceRequirements } from './types.gen.ts'

const full = { cpu: '1', memory: '1Gi' }

const cases: { name: string; have: (ResourceRequirements | undefined)[]; podLevel?: ResourceRequirements; want: string }[] = [
  { name: 'nothing', have: [undefined, {}], want: 'BestEffort' },
  { name: 'only other resources', have: [{ limits: { 'ephemeral-storage': '1Gi' } }], want: 'BestEffort' },
  { name: 'zero is nothing', have: [{ requests: { cpu: '0' } }], want: 'BestEffort' },
  { name: 'a request', have: [{ requests: { cpu: '1' } }], want: 'Burstable' },
  { name: 'all limited and requested', have: [{ limits: full, requests: full }], want: 'Guaranteed' },
  {
    name: 'the same amounts, differently written',
    have: [{ limits: full, requests: { cpu: '1000m', memory: '1024Mi' } }],
    want: 'Guaranteed',
  },
  { name: 'one container without limits', have: [{ limits: full, requests: full }, {}], want: 'Burstable' },
  { name: 'requests below limits', have: [{ limits: full, requests: { cpu: '1', memory: '1Mi' } }], want: 'Burstable' },
  { name: 'no memory limit', have: [{ limits: { cpu: '1' }, requests: { cpu: '1' } }], want: 'Burstable' },
  { name: 'pod-level resources decide alone', have: [{}], podLevel: { limits: full, requests: full }, want: 'Guaranteed' },
]

describe('computePodQOS', () => {
  for (const { name, have, podLevel, want } of cases) {
    const spec: PodSpec = { containers: have.map((resources, index) => ({ name: `c${index}`, resources })), resources: podLevel }
    test(name, () => assert.equal(computePodQOS(spec), want))
  }
})
