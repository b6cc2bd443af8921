import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeName, isClusterTable, type PodNetworkOptions, planPodNetwork } from './plan.ts'

const options: PodNetworkOptions = {
  clusterID: 'one',
  clusterCIDR: '10.244.0.0/16',
  nodeCIDR: '10.244.0.0/24',
  serviceCIDR: '10.96.0.0/12',
  egress: 'masquerade',
  confFolder: '/data/cni',
  ipamFolder: '/data/ipam',
}

test('planPodNetwork: the configuration names bridge, range and address folder', () => {
  const { conflist, bridge, network } = planPodNetwork({ ...options, mtu: 1400 })
  assert.equal(conflist.path, '/data/cni/10-coxswain.conflist')
  const ipam = { type: 'host-local', dataDir: '/data/ipam', ranges: [[{ subnet: '10.244.0.0/24' }]], routes: [{ dst: '0.0.0.0/0' }] }
  assert.deepEqual(JSON.parse(conflist.text), {
    cniVersion: '1.0.0',
    name: network,
    plugins: [
      { type: 'bridge', bridge, isGateway: true, ipMasq: false, hairpinMode: true, mtu: 1400, ipam },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  })
})

test('planPodNetwork: guard routes cover pods and services, and are deleted as they were added', () => {
  const { addRoutes, deleteRoutes } = planPodNetwork(options)
  assert.equal(addRoutes.length, 2)
  assert.match(addRoutes[0]!, /^route replace unreachable 10\.244\.0\.0\/16 metric 2000\d{6}$/)
  assert.match(addRoutes[1]!, /^route replace unreachable 10\.96\.0\.0\/12 metric 2000\d{6}$/)
  assert.deepEqual(
    deleteRoutes,
    addRoutes.map(line => line.replace('replace', 'delete')),
  )
})

test('planPodNetwork: two clusters share nothing', () => {
  const [one, two] = [planPodNetwork(options), planPodNetwork({ ...options, clusterID: 'two' })]
  assert.notEqual(one.bridge, two.bridge)
  assert.notEqual(one.network, two.network)
  assert.notEqual(one.addRoutes[1], two.addRoutes[1])
})

const egresses = [
  {
    egress: 'masquerade',
    has: /ip saddr 10\.244\.0\.0\/16 ip daddr != \{ 10\.244\.0\.0\/16, 10\.96\.0\.0\/12 \} .*masquerade/,
    hasNot: /reject/,
  },
  { egress: 'route', has: /^table ip /, hasNot: /masquerade|reject/ },
  { egress: 'none', has: /ct state new reject/, hasNot: /masquerade/ },
] as const
for (const { egress, has, hasNot } of egresses)
  test(`planPodNetwork: egress ${egress}`, () => {
    const { ruleset } = planPodNetwork({ ...options, egress })
    assert.match(ruleset, has)
    assert.doesNotMatch(ruleset, hasNot)
  })

test('names: the bridge fits the kernel, the table is known again', () => {
  const clusterID = 'a cluster with a long name'
  assert.ok(bridgeName(clusterID).length <= 15)
  assert.ok(isClusterTable(`ip ${planPodNetwork({ ...options, clusterID }).table}`))
  assert.ok(!isClusterTable('ip nat'))
})
