/**
 * The layers of the house, lowest first: a folder may import from those listed for it and from itself, type imports included. Components
 * (controller, scheduler, kubelet, network) never import each other; they meet through the API.
 */
const toAPI = ['base', 'apimachinery', 'api']
const toClient = [...toAPI, 'client']

export const layers: Record<string, readonly string[]> = {
  base: [],
  apimachinery: ['base'],
  api: ['base', 'apimachinery'],
  storage: ['base'],
  client: toAPI,
  cri: ['base'],
  apiserver: [...toClient, 'storage'],
  registry: [...toClient, 'apiserver'],
  controlplane: [...toClient, 'storage', 'apiserver', 'registry'],
  controller: toClient,
  scheduler: toClient,
  kubelet: [...toClient, 'cri'],
  network: toClient,
  kubectl: toClient,
  cluster: [
    ...toClient,
    'storage',
    'apiserver',
    'registry',
    'controlplane',
    'controller',
    'scheduler',
    'kubelet',
    'network',
    'kubectl',
    'cri',
  ],
  'test-server': [...toClient, 'cri', 'cluster'],
  testing: [...toClient, 'registry', 'cluster'],
}

/** Calls that only the named files may make, with what to do instead. */
export const bannedCalls: readonly { pattern: RegExp; name: string; cure: string; allowed: readonly string[] }[] = [
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    name: 'the wall clock',
    cure: 'use the injected Clock',
    allowed: ['src/base/clock.ts'],
  },
  { pattern: /\bMath\.random\(/, name: 'Math.random', cure: 'use the injected Random', allowed: ['src/base/random.ts'] },
  {
    pattern: /(?<!\.)\b(setTimeout|setInterval)\(|\bAbortSignal\.timeout\(/,
    name: 'a bare timer',
    cure: 'use clock.after or clock.sleep',
    allowed: ['src/base/clock.ts'],
  },
  { pattern: /\bprocess\.(argv|exit\()/, name: 'the process', cure: 'only cmd/ touches arguments and exit codes', allowed: [] },
]
