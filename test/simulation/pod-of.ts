import type { Container, Pod } from '#api/core/v1/types.gen.ts'

/** A pod with one container, whose image has the pod's name unless `container` says otherwise. */
export function podOf(name: string, container: Partial<Container> = {}, spec: Partial<Pod['spec']> = {}): Pod {
  const main: Container = { name: 'main', image: name, ...container }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { containers: [main], ...spec } }
}
