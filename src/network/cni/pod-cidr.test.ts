import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bridgeName, isOwnRoute } from './plan.ts'
import { choosePodCIDR, nodePodCIDR, type PodCIDROptions } from './pod-cidr.ts'

const plain = [
  { dst: 'default', dev: 'eth0' },
  { dst: '192.0.2.0/24', dev: 'eth0' },
]
const ownBridge = { dst: '10.244.0.0/24', dev: bridgeName('ours') }

const cases: { name: string; have: PodCIDROptions; want: string | RegExp }[] = [
  { name: 'nothing in the way → the first default', have: { routes: plain }, want: '10.244.0.0/16' },
  {
    name: 'the first default is routed → the next',
    have: { routes: [...plain, { dst: '10.244.0.0/24', dev: 'cni0' }] },
    want: '10.245.0.0/16',
  },
  {
    name: 'a wide route covers every default → error',
    have: { routes: [{ dst: '10.0.0.0/8' }] },
    want: /^cannot find a free range for pods between 10\.244\.0\.0\/16 and 10\.251\.0\.0\/16: name one yourself$/,
  },
  { name: 'a default route written as a range says nothing', have: { routes: [{ dst: '0.0.0.0/0' }] }, want: '10.244.0.0/16' },
  { name: 'two halves of everything are real routes', have: { routes: [{ dst: '0.0.0.0/1' }] }, want: /cannot find a free range/ },
  { name: 'a resolver lies in the first default → the next', have: { routes: plain, avoid: ['10.244.9.9'] }, want: '10.245.0.0/16' },
  {
    name: 'our own routes of an earlier start → no obstacle',
    have: { routes: [ownBridge], isOwn: isOwnRoute('ours') },
    want: '10.244.0.0/16',
  },
  { name: 'another cluster has the bridge → obstacle', have: { routes: [ownBridge], isOwn: isOwnRoute('theirs') }, want: '10.245.0.0/16' },
  { name: 'a wanted range that is free', have: { wanted: '172.20.5.1/20', routes: plain }, want: '172.20.0.0/20' },
  {
    name: 'a wanted range that is in use → error',
    have: { wanted: '192.0.0.0/16', routes: plain },
    want: /^cannot use "192\.0\.0\.0\/16" for pods: this machine uses 192\.0\.2\.0\/24 already; choose another range$/,
  },
  {
    name: 'a wanted range that is none → error',
    have: { wanted: 'fd00::/64', routes: plain },
    want: /^cannot use "fd00::\/64" for pods: want an IPv4 range/,
  },
  { name: 'a wanted range with too few addresses → error', have: { wanted: '10.9.0.0/30', routes: plain }, want: /want an IPv4 range/ },
]
for (const { name, have, want } of cases)
  test(`choosePodCIDR: ${name}`, () => {
    if (typeof want === 'string') assert.equal(choosePodCIDR(have), want)
    else assert.throws(() => choosePodCIDR(have), { message: want })
  })

const parts = [
  { cluster: '10.244.0.0/16', index: 0, want: '10.244.0.0/24' },
  { cluster: '10.244.0.0/16', index: 3, want: '10.244.3.0/24' },
  { cluster: '10.244.0.0/16', index: 256, want: undefined },
  { cluster: '10.9.0.0/26', index: 0, want: '10.9.0.0/26' },
]
for (const { cluster, index, want } of parts)
  test(`nodePodCIDR: node ${index} of ${cluster} → ${want}`, () => assert.equal(nodePodCIDR(cluster, index), want))
