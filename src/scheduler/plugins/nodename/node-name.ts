import type { Plugin } from '../../framework/framework.ts'

const rejection = { reasons: ["node(s) didn't match the requested node name"], resolvable: false }

/** A pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  filterConcerns: ({ pod }) => (pod.spec.nodeName ?? '') !== '',
  filter: ({ pod }, node) => (pod.spec.nodeName === node.name ? undefined : rejection),
  wakesOn: ({ type }) => type === 'node-added',
}
