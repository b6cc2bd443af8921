import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaksAmong, parseNetworkNamespace, type RuntimeView, shimsLeftBehind, type Traces } from './leaks.ts'

const shim = (sandboxID: string) => ({ sandboxID, identity: { pid: 7, startTicks: '1', bootID: 'b' } })
const nothing: Traces = { shims: [], tasks: [], networkNamespaces: [], addressOwners: [] }

function view(known: {
  sandboxes?: string[]
  containers?: string[]
  ended?: Record<string, string>
  busy?: string[]
  networkNamespaces?: string[] | undefined
}): RuntimeView {
  const { sandboxes = [], containers = [], ended = {}, busy = [], networkNamespaces } = known
  return {
    sandboxes: new Set(sandboxes),
    containers: new Set(containers),
    ended: new Map(Object.entries(ended)),
    busy: new Set(busy),
    networkNamespaces: networkNamespaces === undefined ? undefined : new Set(networkNamespaces),
  }
}

const cases: { name: string; traces: Partial<Traces>; view: RuntimeView; leaks: Partial<Traces> }[] = [
  {
    name: 'a pod that runs',
    traces: { shims: [shim('s')], tasks: ['s', 'c'], networkNamespaces: ['/n'], addressOwners: ['s'] },
    view: view({ sandboxes: ['s'], containers: ['c'], busy: ['s'], networkNamespaces: ['/n'] }),
    leaks: {},
  },
  {
    name: 'a sandbox that nobody knows',
    traces: { shims: [shim('s')], tasks: ['s'], networkNamespaces: ['/n'], addressOwners: ['s'] },
    view: view({ networkNamespaces: [] }),
    leaks: { shims: [shim('s')], tasks: ['s'], networkNamespaces: ['/n'], addressOwners: ['s'] },
  },
  {
    name: 'a sandbox that has ended: its shim has nothing to do, its address is given back when it is stopped',
    traces: { shims: [shim('s')], tasks: ['s', 'c'], networkNamespaces: ['/n'], addressOwners: ['s'] },
    view: view({ sandboxes: ['s'], containers: ['c'], networkNamespaces: ['/n'] }),
    leaks: { shims: [shim('s')], tasks: ['s'] },
  },
  {
    name: 'a container that has ended and still has a task',
    traces: { shims: [shim('s')], tasks: ['s', 'c', 'd'] },
    view: view({ sandboxes: ['s'], containers: ['c', 'd'], ended: { c: 's' }, busy: ['s'] }),
    leaks: { tasks: ['c'] },
  },
  {
    name: 'a network made for a sandbox that never was',
    traces: { networkNamespaces: ['/n', '/m'], addressOwners: ['s', 't'] },
    view: view({ sandboxes: ['t'], busy: ['t'], networkNamespaces: ['/m'] }),
    leaks: { networkNamespaces: ['/n'], addressOwners: ['s'] },
  },
  {
    name: 'a runtime that does not say which network namespaces it uses: all may be in use',
    traces: { networkNamespaces: ['/n'] },
    view: view({ networkNamespaces: undefined }),
    leaks: {},
  },
]
for (const { name, traces, view, leaks } of cases)
  test(`leaks: ${name}`, () => assert.deepEqual(leaksAmong({ ...nothing, ...traces }, view), { ...nothing, ...leaks }))

test('shims left behind: those of sandboxes that run, and lost a task', () => {
  const traces = { ...nothing, shims: [shim('s'), shim('t'), shim('u')], tasks: ['s', 'c', 't', 'd', 'u'] }
  const seen = view({ sandboxes: ['s', 't', 'u'], containers: ['c', 'd'], ended: { c: 's', d: 'u' }, busy: ['s', 't'] })
  assert.deepEqual(shimsLeftBehind(traces, leaksAmong(traces, seen), seen), [shim('s')])
})

const infos: { name: string; info: string | undefined; path: string | undefined }[] = [
  { name: 'a path', info: '{"runtimeSpec":{"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/n"}]}}}', path: '/n' },
  { name: "the machine's network", info: '{"runtimeSpec":{"linux":{"namespaces":[{"type":"pid"}]}}}', path: '' },
  { name: 'no specification', info: '{"pid":1}', path: undefined },
  { name: 'no JSON', info: 'x', path: undefined },
  { name: 'nothing', info: undefined, path: undefined },
]
for (const { name, info, path } of infos) test(`network namespace: ${name}`, () => assert.equal(parseNetworkNamespace(info), path))
