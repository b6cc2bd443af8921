import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Service } from '#api/core/v1/types.gen.ts'
import { refusalOf, startRegistryServer } from '../../testing/registry-server.ts'

const services = '/api/v1/namespaces/default/services'

function service(name: string, spec: Service['spec'] = {}): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }
}

/** A copy: what the server answers in process is shared. */
async function serviceOf(call: Promise<{ body?: unknown }>): Promise<Service> {
  return structuredClone((await call).body) as Service
}

describe('services', () => {
  test('get an address, and all that goes with it', async () => {
    await using server = await startRegistryServer()
    const { spec, status } = await serviceOf(server.call('POST', services, service('a')))
    assert.match(spec.clusterIP!, /^10\.96\.0\.\d+$/)
    assert.deepEqual(spec, {
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      clusterIP: spec.clusterIP,
      clusterIPs: [spec.clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    })
    assert.deepEqual(status, { loadBalancer: {} })
  })

  test('an address that was asked for is taken once, until it is free', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    await call('POST', services, service('a', { clusterIP: '10.96.0.10' }))
    const taken =
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated'
    assert.equal(await refusalOf(call('POST', services, service('b', { clusterIP: '10.96.0.10' }))), taken)
    assert.equal(
      await refusalOf(call('POST', services, service('b', { clusterIP: '10.97.0.1' }))),
      'Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.97.0.1"]: failed to allocate IP 10.97.0.1: the provided IP (10.97.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    )
    await call('DELETE', `${services}/a`)
    assert.equal((await serviceOf(call('POST', services, service('b', { clusterIP: '10.96.0.10' })))).spec.clusterIP, '10.96.0.10')
  })

  test('dry runs take nothing', async () => {
    await using server = await startRegistryServer()
    const query = new URLSearchParams({ dryRun: 'All' })
    await server.call('POST', `${services}?${query}`, service('a', { clusterIP: '10.96.0.10' }))
    await server.call('POST', services, service('b', { clusterIP: '10.96.0.10' }))
  })

  test('node ports come and go with the type', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ]
    const created = await serviceOf(call('POST', services, service('a', { type: 'NodePort', ports })))
    const [first, second] = created.spec.ports!
    assert.ok(first!.nodePort! >= 30_000 && first!.nodePort! <= 32_767)
    assert.equal(second!.nodePort, first!.nodePort)
    assert.equal(created.spec.externalTrafficPolicy, 'Cluster')
    const changed = await serviceOf(call('PUT', `${services}/a`, { ...created, spec: { ...created.spec, type: 'ClusterIP' } }))
    assert.equal(changed.spec.ports![0]!.nodePort, undefined)
    assert.equal(changed.spec.externalTrafficPolicy, undefined)
    assert.equal(changed.spec.clusterIP, created.spec.clusterIP)
    const port = first!.nodePort!
    const other = await serviceOf(call('POST', services, service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })))
    assert.equal(other.spec.ports![0]!.nodePort, port)
    assert.equal(
      await refusalOf(call('POST', services, service('c', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }))),
      `Service "c" is invalid: spec.ports[0].nodePort: Invalid value: ${port}: provided port is already allocated`,
    )
    assert.equal(
      await refusalOf(call('POST', services, service('c', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }))),
      'Service "c" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    )
  })

  test('an update without the address keeps it; another address is refused', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const created = await serviceOf(call('POST', services, service('a')))
    const { metadata } = created
    const kept = await serviceOf(call('PUT', `${services}/a`, { ...service('a', { selector: { app: 'a' } }), metadata }))
    assert.equal(kept.spec.clusterIP, created.spec.clusterIP)
    const other = { ...kept, spec: { ...kept.spec, clusterIP: '10.96.0.77', clusterIPs: ['10.96.0.77'] } }
    assert.equal(
      await refusalOf(call('PUT', `${services}/a`, other)),
      'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set',
    )
  })

  test('headless and external ones have no address', async () => {
    await using server = await startRegistryServer()
    const { call } = server
    const headless = await serviceOf(call('POST', services, service('a', { clusterIP: 'None', selector: { app: 'a' } })))
    assert.deepEqual(headless.spec.clusterIPs, ['None'])
    assert.deepEqual(headless.spec.ipFamilies, ['IPv4'])
    const external = await serviceOf(call('POST', services, service('b', { type: 'ExternalName', externalName: 'example.com' })))
    assert.equal(external.spec.clusterIP, undefined)
    assert.equal(external.spec.ipFamilies, undefined)
  })

  test('after a start the stored services have what they had', async () => {
    await using server = await startRegistryServer()
    const { call, allocation } = server
    const created = await serviceOf(call('POST', services, service('a', { type: 'NodePort' })))
    allocation.reload([created])
    const again = service('b', { clusterIP: created.spec.clusterIP })
    assert.match(await refusalOf(call('POST', services, again)), /provided IP is already allocated$/)
    const port = created.spec.ports![0]!.nodePort
    const samePort = service('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] })
    assert.match(await refusalOf(call('POST', services, samePort)), /provided port is already allocated$/)
    allocation.reload([])
    await call('POST', services, again)
  })

  test('two families on a cluster of one', async () => {
    await using server = await startRegistryServer()
    assert.equal(
      await refusalOf(server.call('POST', services, service('a', { ipFamilyPolicy: 'RequireDualStack' }))),
      'Service "a" is invalid: spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    )
    const preferred = await serviceOf(server.call('POST', services, service('a', { ipFamilyPolicy: 'PreferDualStack' })))
    assert.equal(preferred.spec.clusterIPs!.length, 1)
  })
})
