import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Container, Pod, PodSpec } from '../types.gen.ts'
import { defaultPod } from './pod.ts'

function defaulted(spec: Partial<PodSpec>): PodSpec {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [], ...structuredClone(spec) } }
  defaultPod(pod)
  const once = structuredClone(pod.spec)
  defaultPod(pod)
  assert.deepEqual(pod.spec, once, 'defaults are idempotent')
  return once
}

function web(more: Partial<Container>): Container {
  return defaulted({ containers: [{ name: 'web', image: 'nginx', ...more }] }).containers[0]!
}

const pullPolicies: [string, string][] = [
  ['nginx', 'Always'],
  ['nginx:latest', 'Always'],
  ['nginx:1.2', 'IfNotPresent'],
  ['registry:5000/nginx', 'Always'],
  ['registry:5000/nginx:1', 'IfNotPresent'],
  ['nginx@sha256:abc', 'IfNotPresent'],
  ['nginx:latest@sha256:abc', 'Always'],
]

describe('defaults of a pod', () => {
  for (const [image, want] of pullPolicies) test(`pull policy of ${image}`, () => assert.equal(web({ image }).imagePullPolicy, want))

  const volumes: { have: object; want: object }[] = [
    { have: {}, want: { emptyDir: {} } },
    { have: { secret: { secretName: 's' } }, want: { secret: { secretName: 's', defaultMode: 420 } } },
    { have: { configMap: { name: 'c', defaultMode: 256 } }, want: { configMap: { name: 'c', defaultMode: 256 } } },
    { have: { hostPath: { path: '/x' } }, want: { hostPath: { path: '/x', type: '' } } },
    {
      have: { downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.name' } }] } },
      want: { downwardAPI: { defaultMode: 420, items: [{ path: 'p', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } }] } },
    },
    {
      have: { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      want: { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    },
    { have: { image: { reference: 'a:1' } }, want: { image: { reference: 'a:1', pullPolicy: 'IfNotPresent' } } },
    {
      have: { iscsi: { targetPortal: 'p', iqn: 'i', lun: 0 } },
      want: { iscsi: { targetPortal: 'p', iqn: 'i', lun: 0, iscsiInterface: 'default' } },
    },
  ]
  for (const { have, want } of volumes) {
    test(`volume ${JSON.stringify(have)}`, () =>
      assert.deepEqual(defaulted({ volumes: [{ name: 'v', ...have }] }).volumes, [{ name: 'v', ...want }]))
  }

  test('probes', () => {
    const { livenessProbe, lifecycle } = web({
      livenessProbe: { httpGet: { port: 80 } },
      lifecycle: { preStop: { httpGet: { port: 'x' } } },
    })
    const httpGet = { port: 80, path: '/', scheme: 'HTTP' }
    assert.deepEqual(livenessProbe, { httpGet, timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 })
    assert.deepEqual(lifecycle, { preStop: { httpGet: { port: 'x', path: '/', scheme: 'HTTP' } } })
  })

  test('requests come from limits, finer amounts are rounded up', () => {
    const { resources } = web({ resources: { limits: { cpu: '1500u', memory: '1Gi' }, requests: { memory: '512Mi' } } })
    assert.deepEqual(resources, { limits: { cpu: '2m', memory: '1Gi' }, requests: { cpu: '2m', memory: '512Mi' } })
  })

  test('ports of the host network', () => {
    const spec = defaulted({ hostNetwork: true, containers: [{ name: 'web', ports: [{ containerPort: 80 }] }] })
    assert.deepEqual(spec.containers[0]!.ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
  })

  test('the old name of the service account', () => {
    const { serviceAccount, serviceAccountName } = defaulted({ serviceAccount: 'a' })
    assert.deepEqual([serviceAccount, serviceAccountName], ['a', 'a'])
  })

  test('pod-level requests come from containers, then from limits', () => {
    const containers = [{ name: 'web', resources: { requests: { cpu: '250m' } } }]
    const { resources } = defaulted({ containers, resources: { limits: { cpu: '1', memory: '1Gi' } } })
    assert.deepEqual(resources, { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '250m', memory: '1Gi' } })
  })
})
