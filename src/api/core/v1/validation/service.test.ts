import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorText } from '#apimachinery/validation/field-error.ts'
import { defaultService } from '../defaults/service.ts'
import type { Service, ServiceSpec } from '../types.gen.ts'
import { validateService } from './service.ts'

function service(spec: ServiceSpec, name = 'a'): Service {
  const object: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { ports: [{ port: 80 }], ...spec },
  }
  defaultService(object)
  return object
}

const cases: { name: string; have: Service; want: string[] }[] = [
  { name: 'a plain one', have: service({}), want: [] },
  {
    name: 'a name that begins with a digit',
    have: service({}, '1a'),
    want: [
      `metadata.name: Invalid value: "1a": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
    ],
  },
  { name: 'no ports', have: service({ ports: [] }), want: ['spec.ports: Required value'] },
  { name: 'headless without ports', have: service({ ports: [], clusterIP: 'None', clusterIPs: ['None'] }), want: [] },
  {
    name: 'a type that is none',
    have: service({ type: 'Public' }),
    want: ['spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  },
  {
    name: 'two ports without names',
    have: service({ ports: [{ port: 80 }, { port: 80 }] }),
    want: [
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
      'spec.ports[1]: Duplicate value: {"protocol":"TCP","port":80,"targetPort":0}',
    ],
  },
  {
    name: 'port 0',
    have: service({ ports: [{ port: 0, targetPort: 80 }] }),
    want: ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive'],
  },
  {
    name: 'node port of a ClusterIP',
    have: service({ ports: [{ port: 80, nodePort: 30000 }] }),
    want: ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  },
  { name: 'name of nothing', have: service({ type: 'ExternalName' }), want: ['spec.externalName: Required value'] },
  {
    name: 'special address',
    have: service({ externalIPs: ['127.0.0.1', 'x'] }),
    want: [
      'spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      'spec.externalIPs[1]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  },
  {
    name: 'affinity without end',
    have: service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 100_000 } } }),
    want: ['spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 100000: must be greater than 0 and less than 86400'],
  },
  {
    name: 'addresses that differ',
    have: service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.2'] }),
    want: ['spec.clusterIPs: Invalid value: ["10.0.0.2"]: first value must match `clusterIP`'],
  },
  {
    name: 'a family that does not fit',
    have: service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ipFamilies: ['IPv6'] }),
    want: ['spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
  },
  {
    name: 'balancer fields of a ClusterIP',
    have: service({ allocateLoadBalancerNodePorts: true, loadBalancerClass: 'x/y', loadBalancerSourceRanges: ['1.1.1.1'] }),
    want: [
      "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
      'spec.LoadBalancerSourceRanges[0]: Invalid value: "1.1.1.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
      "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
  },
]

describe('validateService', () => {
  for (const { name, have, want } of cases) test(name, () => assert.deepEqual(validateService(have).map(errorText), want))
})
