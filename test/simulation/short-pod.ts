import type { Pod } from '#api/core/v1/types.gen.ts'

/** A pod that behaves well and has five seconds to end. */
export function shortPod(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'web' }], terminationGracePeriodSeconds: 5 },
  }
}
