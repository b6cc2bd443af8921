import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { Column } from '#apiserver/registry/resource.ts'
import { leasesResource } from './coordination/leases/index.ts'
import { configMapsResource } from './core/configmaps/index.ts'
import { endpointsResource } from './core/endpoints/index.ts'
import { eventsResource } from './core/events/index.ts'
import { namespacesResource } from './core/namespaces/index.ts'
import { nodeColumns } from './core/nodes/columns.ts'
import { secretsResource } from './core/secrets/index.ts'
import { serviceColumns } from './core/services/columns.ts'
import { endpointSlicesResource } from './discovery/endpointslices/index.ts'

const now = Date.UTC(2026, 0, 1, 1)
const metadata = { name: 'a', creationTimestamp: '2026-01-01T00:59:00Z' }

function service(spec: object, status: object = {}) {
  return { metadata, spec: { ports: [{ port: 80, protocol: 'TCP' }], clusterIPs: ['10.0.0.1'], ...spec }, status }
}

const event = {
  metadata: { name: 'a.1' },
  involvedObject: { kind: 'Pod', name: 'a', fieldPath: 'spec.containers{web}' },
  reason: 'Started',
  message: ' Started container web\n',
  source: { component: 'kubelet', host: 'n1' },
  firstTimestamp: '2026-01-01T00:50:00Z',
  lastTimestamp: '2026-01-01T00:59:00Z',
  count: 4,
  type: 'Normal',
}

const cases: { name: string; columns: readonly Column<never>[]; have: object; want: Record<string, unknown> }[] = [
  {
    name: 'namespace',
    columns: namespacesResource.columns,
    have: { metadata, status: { phase: 'Active' } },
    want: { Name: 'a', Status: 'Active', Age: '60s' },
  },
  {
    name: 'config map',
    columns: configMapsResource.columns,
    have: { metadata, data: { a: '', b: '' }, binaryData: { c: '' } },
    want: { Data: 3 },
  },
  {
    name: 'secret',
    columns: secretsResource.columns,
    have: { metadata, type: 'Opaque', data: { a: '' } },
    want: { Type: 'Opaque', Data: 1 },
  },
  { name: 'lease', columns: leasesResource.columns, have: { metadata, spec: { holderIdentity: 'me' } }, want: { Holder: 'me' } },
  {
    name: 'service',
    columns: serviceColumns,
    have: service({ type: 'ClusterIP', selector: { b: '1', a: '2' } }),
    want: { Type: 'ClusterIP', 'Cluster-IP': '10.0.0.1', 'External-IP': '<none>', 'Port(s)': '80/TCP', Age: '60s', Selector: 'a=2,b=1' },
  },
  {
    name: 'service at a node port',
    columns: serviceColumns,
    have: service({
      type: 'NodePort',
      ports: [
        { port: 80, nodePort: 30080, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
      ],
    }),
    want: { 'Port(s)': '80:30080/TCP,53/UDP', Selector: '<none>' },
  },
  {
    name: 'service without balancer',
    columns: serviceColumns,
    have: service({ type: 'LoadBalancer' }),
    want: { 'External-IP': '<pending>' },
  },
  {
    name: 'service with balancer',
    columns: serviceColumns,
    have: service(
      { type: 'LoadBalancer', externalIPs: ['1.1.1.1'] },
      { loadBalancer: { ingress: [{ ip: '9.9.9.9' }, { hostname: 'lb' }] } },
    ),
    want: { 'External-IP': '9.9.9.9,lb,1.1.1.1' },
  },
  {
    name: 'service that is a name',
    columns: serviceColumns,
    have: { metadata, spec: { type: 'ExternalName', externalName: 'example.com' } },
    want: { 'Cluster-IP': '<none>', 'External-IP': 'example.com', 'Port(s)': '<none>' },
  },
  {
    name: 'node',
    columns: nodeColumns,
    have: {
      metadata: { ...metadata, labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [
          { type: 'Hostname', address: 'n' },
          { type: 'InternalIP', address: '10.0.0.1' },
        ],
        nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'Debian', kernelVersion: '6.1', containerRuntimeVersion: 'containerd://1.6' },
      },
    },
    want: {
      Status: 'Ready,SchedulingDisabled',
      Roles: 'control-plane,worker',
      Version: 'v1.36.0',
      'Internal-IP': '10.0.0.1',
      'External-IP': '<none>',
      'OS-Image': 'Debian',
      'Kernel-Version': '6.1',
      'Container-Runtime': 'containerd://1.6',
    },
  },
  {
    name: 'new node',
    columns: nodeColumns,
    have: { metadata, spec: {} },
    want: { Status: 'Unknown', Roles: '<none>', 'OS-Image': '<unknown>' },
  },
  {
    name: 'event',
    columns: eventsResource.columns,
    have: event,
    want: {
      'Last Seen': '60s',
      Type: 'Normal',
      Reason: 'Started',
      Object: 'pod/a',
      Subobject: 'spec.containers{web}',
      Source: 'kubelet, n1',
      Message: 'Started container web',
      'First Seen': '10m',
      Count: 4,
      Name: 'a.1',
    },
  },
  {
    name: 'event of the newer form',
    columns: eventsResource.columns,
    have: {
      metadata,
      eventTime: '2026-01-01T00:59:30.000000Z',
      reportingComponent: 'x',
      series: { count: 3, lastObservedTime: '2026-01-01T00:59:50Z' },
    },
    want: { 'Last Seen': '10s', 'First Seen': '30s', Count: 3, Source: 'x', Object: '' },
  },
  {
    name: 'endpoints',
    columns: endpointsResource.columns,
    have: {
      metadata,
      subsets: [
        { addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }, { port: 443 }] },
        { addresses: [{ ip: '10.0.0.9' }] },
      ],
    },
    want: { Endpoints: '10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 2 more...' },
  },
  { name: 'no endpoints', columns: endpointsResource.columns, have: { metadata }, want: { Endpoints: '<none>' } },
  {
    name: 'endpoint slice',
    columns: endpointSlicesResource.columns,
    have: {
      metadata,
      addressType: 'IPv4',
      ports: [{ port: 80 }, {}],
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    },
    want: { AddressType: 'IPv4', Ports: '80,*', Endpoints: '10.0.0.1,10.0.0.2' },
  },
  {
    name: 'empty endpoint slice',
    columns: endpointSlicesResource.columns,
    have: { metadata, addressType: 'IPv4' },
    want: { Ports: '<unset>', Endpoints: '<unset>' },
  },
]

describe('columns', () => {
  for (const { name, columns, have, want } of cases) {
    test(name, () => {
      const rows = (columns as unknown as readonly Column<KubeObject>[]).map(column => [column.name, column.value(have as KubeObject, now)])
      const got = Object.fromEntries(rows)
      assert.deepEqual(Object.fromEntries(Object.keys(want).map(key => [key, got[key]])), want)
    })
  }
})
